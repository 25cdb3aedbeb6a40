// What layers take from a checkpoint: floating tensors, and matrices in whichever format they are
// stored, checked by type and shape against config.json and against each other.
//
// A matrix is in a format of MLX if config.json's "quantization" has an override for its path
// (false means plain), else if `<path>.scales` is stored; in one of another toolkit if that one's
// scales are. Thread rule: device thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/number_type.h"
#include "nn/backend.h"
#include "nn/checkpoint.h"
#include "nn/quantization.h"

namespace sanctum::nn {

// How gate and up lie in each expert's outputs where they are one tensor: `experts.gate_up_proj`
// [count, outputs, inputs], one half after the other; or by turns, and then transposed unless it is
// in blocks of mxfp4 (`gate_up_proj_blocks`, `_scales`), as gpt-oss has it.
enum class GateUp { kHalves, kByTurns };

struct ExpertSizes {
  int width, inner, count;
  bool biases = false;
  GateUp together = GateUp::kHalves;
};
// gate and up [count * inner, width], down [count * width, inner]; biases [count, outputs].
struct ExpertTensors {
  StoredMatrix gate, up, down;
  std::optional<mx::array> gate_bias = std::nullopt, up_bias = std::nullopt,
                           down_bias = std::nullopt;
};

class StoredTensors {
 public:
  // `reads`: whether what is made anew from what is stored is computed; else it is made of zeros.
  StoredTensors(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
                bool reads);

  mx::array floats(const std::string& name, const std::vector<mx::Shape>& shapes);
  // Whose rows are counted by `rows`; [their product, columns].
  StoredMatrix matrix(const std::string& path, const mx::Shape& rows, int columns);
  // All the experts of a layer: one after another in `path`.switch_mlp, each by itself in
  // `path`.experts.N, or gate and up in one tensor of `path`.experts.
  ExpertTensors experts(const std::string& path, const ExpertSizes& sizes);
  // What is stored of a layer, in whichever format, is not needed.
  void drop(const std::string& path);

  // As the first floating tensor that was taken is stored.
  kernels::NumberType number_type() const { return type_.value_or(kernels::kFloat32); }

 private:
  std::optional<Quantization> quantization_of(const std::string& path) const;
  StoredMatrix quantized(const std::string& path, const mx::Shape& rows, int columns,
                         const Quantization& format);
  StoredMatrix fp8(const std::string& path, int rows, int columns);
  StoredMatrix modelopt(const std::string& path, int rows, int columns);
  // stored_experts.cpp
  ExpertTensors apart(const std::string& path, const ExpertSizes& sizes);
  StoredMatrix one_by_one(const std::string& path, const std::string& name, int experts, int rows,
                          int columns);
  ExpertTensors together(const std::string& inside, const ExpertSizes& sizes);
  ExpertTensors blocks(const std::string& inside, const ExpertSizes& sizes);

  [[noreturn]] static void corrupt(const std::string& what);
  // Scales of E8M0, and factors by which E4M3 is multiplied, whose products no float holds; scales
  // of E4M3 that are no numbers. Throws Error(kInvalid) naming the tensor.
  void expect_scales_in_range(const std::string& name, const mx::array& scales) const;
  void expect_e4m3_numbers(const std::string& name, const mx::array& scales) const;
  void expect_factors_in_range(const std::string& name, const mx::array& factors) const;
  static void expect_whole_groups(const std::string& path, int columns, int group_size);

  Checkpoint& checkpoint_;
  QuantizationConfig quantization_;
  BackendPointer backend_;
  bool reads_;
  std::optional<kernels::NumberType> type_;
};

// Rows [first, last) of a matrix, lying where the whole does.
StoredMatrix rows_of(const StoredMatrix& whole, int first, int last);

}  // namespace sanctum::nn
