// Turns a checkpoint's tensors into layers: which are quantized, and in which dtype they compute.
//
// Rules: a layer is quantized if config.json's "quantization" has an override for its path (false
// means plain), else if `<path>.scales` is stored. Floating tensors are cast to the backend's
// compute dtype, but for matrices that it wants as they are. What is taken is read soon after, a
// bounded part of the file at a time; after finish() all is. Every tensor is taken by type and
// shape: floating numbers, or a quantized matrix's packed uint32 with scales and biases of one
// type.
// Thread rule: device thread only.
#pragma once

#include <mlx/dtype.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/checkpoint.h"
#include "nn/layers.h"
#include "nn/rope.h"

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
  using Read = std::function<void(std::uint64_t)>;
  // `read` hears how many bytes of the file have been read so far.
  Weights(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
          Read read = nullptr);
  // Looks at every tensor and reads none, for a backend that does not pack.
  static Weights unread(Checkpoint& checkpoint, QuantizationConfig quantization,
                        BackendPointer backend);

  // `in` and `out` are feature counts from config.json; a stored shape that differs is an error.
  Linear linear(const std::string& path, int in, int out, bool bias);
  // Of a matrix [out, in] that was taken and put into shape before.
  Linear linear(mx::array weight, mx::array bias);
  // Layers of one input: their paths' last parts, and features out.
  struct Named {
    std::string name;
    int out;
  };
  LinearGroup linears(const std::string& path, const std::vector<Named>& layers, int in, bool bias);
  // The same of one stored matrix [outs one after another, in].
  LinearGroup split_linears(const std::string& path, const std::vector<int>& outs, int in);
  // gate_proj and up_proj [width -> inner], down_proj [inner -> width].
  GatedMlp gated_mlp(const std::string& path, Activation act, int width, int inner, bool bias);
  GatedMlp gated_mlp(Activation act, LinearGroup gate_and_up, Linear down) const {
    return {backend_, act, std::move(gate_and_up), std::move(down)};
  }
  // gate_proj and up_proj [width -> inner], down_proj [inner -> width] of each of the experts: one
  // after another in `path`.switch_mlp, or each by itself in `path`.experts.N.
  std::shared_ptr<const Experts> experts(const std::string& path, int width, int inner, int count,
                                         Activation act, const Routing& routing);
  Embedding embedding(const std::string& path, int count, int width);
  RmsNorm rms_norm(const std::string& path, int width, float eps);
  LayerNorm layer_norm(const std::string& path, int width, float eps);
  Activate activation(Activation act) const { return {backend_, act}; }
  Attention attention(int head_size) const { return {backend_, head_size}; }
  Rope rope(RopeFrequencies frequencies, std::vector<int> axes = {});
  mx::array tensor(const std::string& name, const mx::Shape& shape);
  // Stored in any one of these shapes.
  mx::array tensor_of(const std::string& name, const std::vector<mx::Shape>& shapes);
  // Reads what is left. Throws Error(kCorrupt) as Checkpoint::finish() does.
  void finish();

  // As the first floating tensor that was taken is stored.
  kernels::NumberType stored_type() const { return stored_type_.value_or(kernels::kFloat32); }
  bool has(const std::string& name) const { return checkpoint_.has(name); }
  const Backend& backend() const { return *backend_; }

 private:
  std::optional<Quantization> quantization_of(const std::string& path) const;
  std::shared_ptr<const Matrix> matrix(StoredMatrix stored);
  // Whose rows are counted by `rows`; [their product, columns].
  StoredMatrix stored_matrix(const std::string& path, const mx::Shape& rows, int columns);
  StoredMatrix stored_experts(const std::string& path, const std::string& name, int experts,
                              int rows, int columns);
  // Of the compute dtype, where the backend keeps it so.
  StoredMatrix kept(StoredMatrix stored);
  mx::array take_floats(const std::string& name, const std::vector<mx::Shape>& shapes);
  mx::array keep(mx::array array);
  void read_pending();

  Checkpoint& checkpoint_;
  QuantizationConfig quantization_;
  BackendPointer backend_;
  Read read_;
  bool reads_ = true;
  std::optional<kernels::NumberType> stored_type_;
  std::vector<mx::array> pending_;  // not yet read
  std::uint64_t pending_bytes_ = 0, read_bytes_ = 0;
};

}  // namespace sanctum::nn
