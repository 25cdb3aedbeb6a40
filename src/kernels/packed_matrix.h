// An affine quantized weight matrix in the order in which the kernels read it.
//
// Layout: panels of 16 outputs, one after another; in a panel one block per group of columns:
//   chunks of 64 bytes: one stored word of each output, its columns reordered
//     8 bits: a word's bytes are columns {0, 2, 1, 3} of its four
//     4 bits: low nibbles are columns {0, 2, 1, 3} of its eight, high nibbles 4 + {0, 2, 1, 3}
//   then 16 scales and 16 biases in the type in which they were stored
// w = scale * q + bias. The order {0, 2, 1, 3} makes the even bytes of a 32-bit lane two
// neighbouring columns, so 16-bit products need no shuffle. Outputs beyond the last have zeros
// everywhere. Size: that of the stored matrix (and of up to 15 more rows). Immutable once packed.
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

// Rows of a matrix as MLX stores it: element 0 in a word's lowest bits.
struct AffineSource {
  const std::uint32_t* words;  // [rows, columns * bits / 32]
  const void* scales;          // [rows, columns / group]
  const void* biases;
};
// Gives the rows [first, last), at least until the next call with the same `room`, in which it may
// put them. Called by several threads at once; may throw.
using AffineReader = std::function<AffineSource(int first, int last, std::vector<std::byte>& room)>;

class PackedMatrix {
 public:
  // bits 4 or 8; group 32, 64 or 128, which divides columns. `pool`'s threads share the work.
  PackedMatrix(const AffineSource& source, int outputs, int columns, int bits, int group,
               NumberType scale_type, ThreadPool* pool = nullptr);
  // Reads a panel's rows at a time, and throws what the reader threw first.
  PackedMatrix(const AffineReader& read, int outputs, int columns, int bits, int group,
               NumberType scale_type, ThreadPool* pool = nullptr);

  int outputs() const { return outputs_; }
  int columns() const { return columns_; }
  int bits() const { return bits_; }
  int group() const { return group_; }
  NumberType scale_type() const { return scale_type_; }
  int panels() const { return (outputs_ + kPanelRows - 1) / kPanelRows; }
  // Activations are quantized in blocks of as many columns.
  int block() const { return group_ < 64 ? group_ : 64; }
  std::size_t group_bytes() const {
    return static_cast<std::size_t>(kPanelRows) * group_ * bits_ / 8 +
           2 * kPanelRows * bytes_of(scale_type_);
  }
  std::size_t panel_bytes() const { return group_bytes() * (columns_ / group_); }
  std::size_t bytes() const { return panel_bytes() * panels(); }
  const std::uint8_t* panel(int at) const { return data() + panel_bytes() * at; }

  // Writes the columns of one output, dequantized: scale * q + bias.
  void read_row(int output, float* out) const;

 private:
  // `rows` are the panel's own.
  void pack_panel(const AffineSource& rows, int at);

  std::uint8_t* data() const { return reinterpret_cast<std::uint8_t*>(pages_.data()); }

  int outputs_, columns_, bits_, group_;
  NumberType scale_type_;
  platform::Pages pages_;
};

}  // namespace sanctum::kernels
