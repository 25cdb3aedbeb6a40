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

class StoredTensors {
 public:
  // `reads`: whether what is made anew from what is stored is computed; else it is made of zeros.
  StoredTensors(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
                bool reads);

  mx::array floats(const std::string& name, const std::vector<mx::Shape>& shapes);
  // Whose rows are counted by `rows`; [their product, columns].
  StoredMatrix matrix(const std::string& path, const mx::Shape& rows, int columns);
  // `name` of each of the experts, one after another in `path`.switch_mlp, or each by itself in
  // `path`.experts.N: [experts * rows, columns].
  StoredMatrix experts(const std::string& path, const std::string& name, int experts, int rows,
                       int columns);

  // As the first floating tensor that was taken is stored.
  kernels::NumberType number_type() const { return type_.value_or(kernels::kFloat32); }

 private:
  std::optional<Quantization> quantization_of(const std::string& path) const;
  StoredMatrix quantized(const std::string& path, const mx::Shape& rows, int columns,
                         const Quantization& format);
  StoredMatrix fp8(const std::string& path, int rows, int columns);
  StoredMatrix modelopt(const std::string& path, int rows, int columns);

  Checkpoint& checkpoint_;
  QuantizationConfig quantization_;
  BackendPointer backend_;
  bool reads_;
  std::optional<kernels::NumberType> type_;
};

// Rows [first, last) of a matrix, lying where the whole does.
StoredMatrix rows_of(const StoredMatrix& whole, int first, int last);

}  // namespace sanctum::nn
