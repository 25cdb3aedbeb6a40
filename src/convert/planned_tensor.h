// How a tensor is to be made, and making it a piece at a time.
//
// Memory is bounded: of kPieceNumbers numbers. Thread rule: one thread a TensorWriter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "convert/affine_quantize.h"
#include "convert/named_tensor.h"
#include "gguf/safetensors_writer.h"

namespace sanctum::convert {

inline constexpr std::uint64_t kPieceNumbers = 1u << 18;  // read at once; whole groups

struct PlannedTensor {
  const NamedTensor* from = nullptr;
  bool is_float = true;  // otherwise it is copied
  Dtype stored = Dtype::kFloat32, made = Dtype::kFloat32;
  std::optional<Affine> affine = {};
  std::size_t first_out = 0;

  std::uint64_t stored_width() const;  // bytes of a number
  // The tensor, and where it is quantized its scales and biases.
  std::vector<gguf::OutTensor> out() const;
};

class TensorWriter {
 public:
  // Bytes that were read and are done.
  using Progress = std::function<void(std::uint64_t)>;
  TensorWriter(gguf::SafetensorsWriter& to, Progress progress)
      : to_(to), progress_(std::move(progress)) {}

  // Throws Error: kCorrupt for numbers that are not finite where they are quantized; as
  // read_part.
  void write(const PlannedTensor& tensor);

 private:
  void compute(const PlannedTensor& tensor, std::uint64_t count, std::uint64_t at);
  void write_quantized(const PlannedTensor& tensor, std::uint64_t count, std::uint64_t at);

  gguf::SafetensorsWriter& to_;
  Progress progress_;
  std::vector<std::byte> piece_, room_, made_, words_, scales_, biases_;
  std::vector<float> floats_;
};

}  // namespace sanctum::convert
