// Turns a checkpoint's tensors into layers.
//
// Rules: which are quantized says stored_tensors.h. Floating tensors are cast to the backend's
// compute dtype, but for matrices that it wants as they are. What is taken is read soon after, a
// bounded part of the file at a time; after finish() all is.
// Thread rule: device thread only.
#pragma once

#include <mlx/dtype.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nn/checkpoint.h"
#include "nn/layers.h"
#include "nn/quantization.h"
#include "nn/rope.h"
#include "nn/stored_tensors.h"

namespace sanctum::nn {

// How a norm's weight is stored.
enum class StoredNorm { kWhole, kMinusOne };

// Of a load that reads nothing: with what a real one would compute, and bytes that this would hold
// of what was taken.
struct LoadPlan {
  const Backend& backend;
  std::uint64_t bytes = 0;
};

class Weights {
 public:
  using Read = std::function<void(std::uint64_t)>;
  // `read` hears how many bytes of the file have been read so far.
  Weights(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
          Read read = nullptr);
  // Looks at every tensor and reads none, for a backend that does not pack. `plan` must outlive it.
  static Weights unread(Checkpoint& checkpoint, QuantizationConfig quantization,
                        BackendPointer backend, LoadPlan& plan);

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
  // In any of the forms that StoredTensors::experts reads.
  std::shared_ptr<const Experts> experts(const std::string& path, const ExpertSizes& sizes,
                                         Activation act, const Routing& routing,
                                         std::optional<mx::array> scales = std::nullopt);
  Embedding embedding(const std::string& path, int count, int width);
  RmsNorm rms_norm(const std::string& path, int width, float eps,
                   StoredNorm stored = StoredNorm::kWhole);
  // Of a weight that was taken before; and of none.
  RmsNorm rms_norm_of(mx::array weight, float eps);
  RmsNorm rms_norm(int width, float eps);
  LayerNorm layer_norm(const std::string& path, int width, float eps);
  Activate activation(Activation act) const { return {backend_, act}; }
  Gate gate(Activation act) const { return {backend_, act}; }
  GatedDelta gated_delta(const DeltaShape& shape, DeltaWeights weights) const {
    return {backend_, shape, std::move(weights)};
  }
  Attention attention(AttentionForm form) const { return {backend_, std::move(form)}; }
  Rope rope(RopeFrequencies frequencies, std::vector<int> axes = {});
  mx::array tensor(const std::string& name, const mx::Shape& shape);
  // In float32, whatever the backend computes in; stored in any one of these shapes.
  mx::array exact(const std::string& name, const std::vector<mx::Shape>& shapes);
  // Stored in any one of these shapes.
  mx::array tensor_of(const std::string& name, const std::vector<mx::Shape>& shapes);
  // What is stored of a layer, plain or quantized, is not needed.
  void drop(const std::string& path);
  // Reads what is left. Throws as Checkpoint's finish(), expect_read() and expect_unchanged() do.
  void finish();

  // As the first floating tensor that was taken is stored.
  kernels::NumberType stored_type() const { return stored_.number_type(); }
  bool has(const std::string& name) const { return checkpoint_.has(name); }
  // Of a tensor that is there and was not taken.
  std::optional<mx::Shape> shape(const std::string& name) const { return checkpoint_.shape(name); }
  const Backend& backend() const { return *backend_; }

 private:
  Weights(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
          Read read, LoadPlan* plan);
  std::shared_ptr<const Matrix> matrix(StoredMatrix stored);
  // Of the compute dtype, where the backend keeps it so.
  StoredMatrix kept(StoredMatrix stored);
  mx::array keep(mx::array array);
  void read_pending();
  void tell();

  Checkpoint& checkpoint_;
  BackendPointer backend_;
  StoredTensors stored_;
  Read read_;
  LoadPlan* plan_;                  // null: it reads
  std::vector<mx::array> pending_;  // not yet read
  std::uint64_t pending_bytes_ = 0;
};

}  // namespace sanctum::nn
