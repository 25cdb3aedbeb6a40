// A quantized weight matrix in the order in which the kernels read it.
//
// Layout: panels of 16 outputs, one after another; in a panel one block per group of columns:
//   chunks of 64 bytes: one word of each output, its columns reordered
//     8 bits: a word's bytes are columns {0, 2, 1, 3} of its four
//     4 bits: low nibbles are columns {0, 2, 1, 3} of its eight, high nibbles 4 + {0, 2, 1, 3}
//   then 16 scales and 16 biases in the type in which they were stored
// Affine: w = scale * q + bias; q of 2 and 3 bits is kept in 4, of 5 and 6 bits in 8: the same
// integer. E2M1: a nibble is a code of small_float.h's kE2m1Halves, w = scale * halves / 2; what is
// kept is half the scale, and no biases. The order {0, 2, 1, 3} makes the even bytes of a 32-bit
// lane two neighbouring columns, so 16-bit products need no shuffle. Outputs beyond the last have
// zeros everywhere. Immutable once packed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/kernel_arguments.h"
#include "kernels/number_type.h"
#include "platform/pages.h"

namespace sanctum::kernels {

class ThreadPool;

inline constexpr std::array<int, 4> kColumnOrder{0, 2, 1, 3};  // its own inverse

// How the integers of a matrix are meant.
enum class Codes { kAffine, kE2m1 };

// Rows of a matrix as MLX stores it: element 0 in a word's lowest bits, none between two elements.
struct QuantizedSource {
  const std::uint32_t* words;  // [rows, columns * bits / 32]
  const void* scales;          // [rows, columns / group]
  const void* biases;          // null for E2M1
};
// Gives the rows [first, last), at least until the next call with the same `room`, in which it may
// put them. Called by several threads at once; may throw.
using QuantizedReader =
    std::function<QuantizedSource(int first, int last, std::vector<std::byte>& room)>;

// What a matrix takes once it is packed.
struct PackedShape {
  int outputs, columns;
  int bits;  // of an integer as it is packed: 4 or 8
  int group;
  NumberType scale_type;
  Codes codes;

  static constexpr int bits_of(int stored_bits) { return stored_bits <= 4 ? 4 : 8; }
  int panels() const { return (outputs + kPanelRows - 1) / kPanelRows; }
  std::size_t group_bytes() const {
    return static_cast<std::size_t>(kPanelRows) * group * bits / 8 +
           (codes == Codes::kAffine ? 2 : 1) * kPanelRows * bytes_of(scale_type);
  }
  std::size_t panel_bytes() const { return group_bytes() * (columns / group); }
  std::size_t bytes() const { return panel_bytes() * panels(); }
};

class PackedMatrix {
 public:
  // Affine: bits 2, 3, 4, 5, 6 or 8; group 32, 64 or 128. E2M1: 4 bits; group 16, scales in
  // bfloat16 or float, or group 32, scales in bfloat16. The group divides columns. `pool`'s threads
  // share the work.
  PackedMatrix(const QuantizedSource& source, int outputs, int columns, int bits, int group,
               NumberType scale_type, ThreadPool* pool = nullptr, Codes codes = Codes::kAffine);
  // Reads a panel's rows at a time, and throws what the reader threw first.
  PackedMatrix(const QuantizedReader& read, int outputs, int columns, int bits, int group,
               NumberType scale_type, ThreadPool* pool = nullptr, Codes codes = Codes::kAffine);

  int outputs() const { return shape_.outputs; }
  int columns() const { return shape_.columns; }
  int bits() const { return shape_.bits; }
  Codes codes() const { return shape_.codes; }
  int group() const { return shape_.group; }
  NumberType scale_type() const { return shape_.scale_type; }
  int panels() const { return shape_.panels(); }
  // Activations are quantized in blocks of as many columns.
  int block() const { return shape_.group < 64 ? shape_.group : 64; }
  std::size_t group_bytes() const { return shape_.group_bytes(); }
  std::size_t panel_bytes() const { return shape_.panel_bytes(); }
  std::size_t bytes() const { return shape_.bytes(); }
  const std::uint8_t* panel(int at) const { return data() + panel_bytes() * at; }

  // Writes the columns of one output, dequantized.
  void read_row(int output, float* out) const;

 private:
  // `rows` are the panel's own.
  void pack_panel(const QuantizedSource& rows, int at);

  std::uint8_t* data() const { return reinterpret_cast<std::uint8_t*>(pages_.data()); }

  PackedShape shape_;
  int stored_bits_;
  platform::Pages pages_;
};

}  // namespace sanctum::kernels
