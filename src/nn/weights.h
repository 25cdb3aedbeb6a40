// Turns a checkpoint's tensors into layers: which are quantized, and in which dtype they compute.
//
// Rules: a layer is quantized if config.json's "quantization" has an override for its path (false
// means plain), else if `<path>.scales` is stored. Floating tensors are cast to the compute dtype.
// Every array made here is remembered, so that loading can evaluate them with progress.
// Thread rule: device thread only.
#pragma once

#include <mlx/dtype.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/checkpoint.h"
#include "nn/layers.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::nn {

struct Quantization {
  int group_size = 64;
  int bits = 4;
};
struct QuantizationConfig {
  std::optional<Quantization> all;  // nothing: no layer is quantized
  std::map<std::string, std::optional<Quantization>> overrides;

  // "8-bit group 64" or "none".
  std::string describe() const;
};

// Reads "quantization" (or "quantization_config", as some exporters name it) from config.json's
// root. Throws Error(kInvalid) for modes, bits or groups that are not supported.
QuantizationConfig read_quantization(const json::Node& config);

class Weights {
 public:
  Weights(Checkpoint& checkpoint, QuantizationConfig quantization, mx::Dtype compute)
      : checkpoint_(checkpoint), quantization_(std::move(quantization)), compute_(compute) {}

  // `in` and `out` are feature counts from config.json; a stored shape that differs is an error.
  Linear linear(const std::string& path, int in, int out, bool bias);
  // gate_proj and up_proj [width -> inner], down_proj [inner -> width].
  SwiGlu swiglu(const std::string& path, int width, int inner, bool bias);
  Embedding embedding(const std::string& path, int count, int width);
  RmsNorm rms_norm(const std::string& path, int width, float eps);
  LayerNorm layer_norm(const std::string& path, int width, float eps);
  mx::array tensor(const std::string& name, const mx::Shape& shape);

  bool has(const std::string& name) const { return checkpoint_.has(name); }
  mx::Dtype compute_dtype() const { return compute_; }
  const std::vector<mx::array>& arrays() const { return arrays_; }

 private:
  std::optional<Quantization> quantization_of(const std::string& path) const;
  Matrix matrix(const std::string& path, int rows, int columns);
  mx::array keep(mx::array array);

  Checkpoint& checkpoint_;
  QuantizationConfig quantization_;
  mx::Dtype compute_;
  std::vector<mx::array> arrays_;
};

}  // namespace sanctum::nn
