#include "gguf/convert_tensor.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "gguf/affine.h"
#include "gguf/half.h"
#include "gguf/levels.h"

namespace sanctum::gguf {
namespace {

// Where a row of a piece belongs: llama.cpp rotates rows 2i and 2i + 1 of a head together, we
// rotate i and i + size / 2.
std::uint64_t row_in_halves(std::uint64_t row, std::uint64_t size) {
  const std::uint64_t in = row % size;
  return row - in + in / 2 + in % 2 * (size / 2);
}

class Conversion {
 public:
  Conversion(const Source& source, const PlannedTensor& tensor, SafetensorsWriter& writer)
      : source_(source), tensor_(tensor), writer_(writer) {
    // A bias is as many rows of one number.
    const bool list = tensor.from.shape.size() == 1;
    rows_ = list ? tensor.from.columns() : tensor.from.rows();
    row_bytes_ = tensor.from.bytes / rows_;
    columns_ = list ? 1 : tensor.from.columns();
  }

  void run(const std::function<void(std::uint64_t)>& read) {
    // Whole heads, so that a piece is put into order by itself.
    const std::uint64_t unit = std::max<std::uint64_t>(1, tensor_.paired_rows);
    const std::uint64_t step = std::max(unit, kPieceBytes / row_bytes_ / unit * unit);
    for (std::uint64_t row = 0; row < rows_; row += step) {
      const std::uint64_t count = std::min(step, rows_ - row);
      piece_.resize(count * row_bytes_);
      source_.read(tensor_.from.begin + row * row_bytes_, piece_.data(), piece_.size());
      if (tensor_.paired_rows != 0) reorder(count);
      if (tensor_.form == Form::kAffine) {
        affine(row, count);
      } else {
        plain(row, count);
      }
      read(piece_.size());
    }
  }

 private:
  void reorder(std::uint64_t count) {
    ordered_.resize(piece_.size());
    for (std::uint64_t row = 0; row < count; ++row)
      std::memcpy(ordered_.data() + row_in_halves(row, tensor_.paired_rows) * row_bytes_,
                  piece_.data() + row * row_bytes_, row_bytes_);
    std::swap(piece_, ordered_);
  }

  void affine(std::uint64_t first, std::uint64_t count) {
    const TypeInfo& type = info(tensor_.from.type);
    const std::uint64_t groups = columns_ / kAffineGroup;  // of a row
    const std::uint64_t words = columns_ * static_cast<std::uint64_t>(affine_bits(type.type)) / 8;
    words_.resize(count * words);
    scales_.resize(count * groups);
    biases_.resize(count * groups);
    to_affine(type.type, piece_.data(), piece_.size() / type.block_bytes,
              {words_.data(), scales_.data(), biases_.data()});
    const std::size_t out = tensor_.first_out;
    writer_.write(out, first * words, words_.data(), words_.size());
    writer_.write(out + 1, first * groups * 2, scales_.data(), scales_.size() * 2);
    writer_.write(out + 2, first * groups * 2, biases_.data(), biases_.size() * 2);
  }

  void plain(std::uint64_t first, std::uint64_t count) {
    const std::uint64_t from = first * columns_, numbers = count * columns_;
    if (tensor_.form == Form::kSame)
      return writer_.write(tensor_.first_out, from * 2, piece_.data(), piece_.size());
    floats_.resize(numbers);
    dequantize(tensor_.from.type, piece_.data(), numbers, floats_.data());
    for (float& number : floats_) number += tensor_.offset;
    if (tensor_.form == Form::kFloat32)
      return writer_.write(tensor_.first_out, from * 4, floats_.data(), numbers * 4);
    halves_.resize(numbers);
    for (std::size_t i = 0; i < numbers; ++i)
      halves_[i] =
          tensor_.form == Form::kFloat16 ? to_float16(floats_[i]) : cut_to_bfloat16(floats_[i]);
    writer_.write(tensor_.first_out, from * 2, halves_.data(), numbers * 2);
  }

  const Source& source_;
  const PlannedTensor& tensor_;
  SafetensorsWriter& writer_;
  std::uint64_t rows_, row_bytes_, columns_;
  std::vector<std::byte> piece_, ordered_, words_;
  std::vector<std::uint16_t> scales_, biases_, halves_;
  std::vector<float> floats_;
};

}  // namespace

void convert_tensor(const Source& source, const PlannedTensor& tensor, SafetensorsWriter& writer,
                    const std::function<void(std::uint64_t)>& read) {
  try {
    Conversion(source, tensor, writer).run(read);
  } catch (const Error& error) {
    if (!error.field().empty() || error.code() != ErrorCode::kInvalid) throw;
    throw Error(ErrorCode::kInvalid,
                source.name() + ": tensor " + tensor.from.name + " " + error.what(),
                tensor.from.name);
  }
}

}  // namespace sanctum::gguf
