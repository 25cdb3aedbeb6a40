#include "convert/planned_tensor.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/safetensors_header.h"

namespace sanctum::convert {
namespace {

float rounded(Dtype dtype, float value) {
  std::byte room[sizeof(float)];
  write_number(dtype, value, room);
  return read_number(dtype, room);
}

}  // namespace

std::uint64_t PlannedTensor::stored_width() const {
  return safetensors_bytes_of(from->stored().dtype);
}

std::vector<gguf::OutTensor> PlannedTensor::out() const {
  const std::uint64_t numbers = from->numbers();
  if (!is_float) return {{from->name, from->dtype, from->shape, numbers * stored_width()}};
  if (!affine) return {{from->name, stored_name(made), from->shape, numbers * bytes_of(made)}};
  const auto bits = static_cast<std::uint64_t>(affine->bits);
  const auto group = static_cast<std::uint64_t>(affine->group_size);
  auto packed = from->shape, groups = from->shape;
  packed.back() = from->shape.back() * bits / 32;
  groups.back() = from->shape.back() / group;
  const std::uint64_t group_bytes = numbers / group * bytes_of(made);
  return {{from->name, "U32", packed, numbers * bits / 8},
          {from->path() + ".scales", stored_name(made), groups, group_bytes},
          {from->path() + ".biases", stored_name(made), groups, group_bytes}};
}

void TensorWriter::write(const PlannedTensor& tensor) {
  const NamedTensor& from = *tensor.from;
  const bool copied =
      !tensor.is_float || (!tensor.affine && !from.plus_one && tensor.stored == tensor.made);
  const std::uint64_t width = tensor.stored_width();
  std::uint64_t at = 0;  // numbers of the whole tensor that come before
  for (const Part& part : from.parts)
    // Whole groups, which never cross a row.
    for (std::uint64_t first = 0; first < part.numbers(); first += kPieceNumbers) {
      const std::uint64_t count = std::min(kPieceNumbers, part.numbers() - first);
      piece_.resize(count * width);
      read_part(part, first, count, piece_.data(), room_);
      if (copied)
        to_.write(tensor.first_out, at * width, piece_.data(), piece_.size());
      else
        compute(tensor, count, at);
      at += count;
      progress_(piece_.size());
    }
}

void TensorWriter::compute(const PlannedTensor& tensor, std::uint64_t count, std::uint64_t at) {
  const std::uint64_t from = bytes_of(tensor.stored), to = bytes_of(tensor.made);
  floats_.resize(count);
  for (std::uint64_t i = 0; i < count; ++i)
    floats_[i] = read_number(tensor.stored, piece_.data() + i * from);
  if (tensor.from->plus_one)
    for (float& number : floats_) number = rounded(tensor.stored, number + 1);
  if (tensor.affine) {
    if (tensor.stored != tensor.made)  // first it is cast, as it would be kept
      for (float& number : floats_) number = rounded(tensor.made, number);
    return write_quantized(tensor, count, at);
  }
  made_.resize(count * to);
  for (std::uint64_t i = 0; i < count; ++i)
    write_number(tensor.made, floats_[i], made_.data() + i * to);
  to_.write(tensor.first_out, at * to, made_.data(), made_.size());
}

void TensorWriter::write_quantized(const PlannedTensor& tensor, std::uint64_t count,
                                   std::uint64_t at) {
  // What MLX makes of a group with one that is none is noise.
  if (!std::all_of(floats_.begin(), floats_.end(), [](float x) { return std::isfinite(x); }))
    throw Error(
        ErrorCode::kCorrupt,
        tensor.from->name + " has numbers that are not finite" +
            (tensor.stored == tensor.made ? ": the model is damaged"
                                          : std::string(" in ") + stored_name(tensor.made)) +
            "; --keep leaves a tensor as it is",
        "path");
  const auto bits = static_cast<std::uint64_t>(tensor.affine->bits);
  const auto group = static_cast<std::uint64_t>(tensor.affine->group_size);
  const std::uint64_t to = bytes_of(tensor.made);
  words_.resize(count * bits / 8);
  scales_.resize(count / group * to);
  biases_.resize(scales_.size());
  quantize(floats_.data(), count, *tensor.affine, tensor.made, words_.data(), scales_.data(),
           biases_.data());
  to_.write(tensor.first_out, at * bits / 8, words_.data(), words_.size());
  to_.write(tensor.first_out + 1, at / group * to, scales_.data(), scales_.size());
  to_.write(tensor.first_out + 2, at / group * to, biases_.data(), biases_.size());
}

}  // namespace sanctum::convert
