#include "nn/weights.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum::nn {
namespace {

constexpr std::uint64_t kPendingBytesMax = 64u << 20;  // read at once, between two reports

}  // namespace

Weights::Weights(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
                 Read read, LoadPlan* plan)
    : checkpoint_(checkpoint),
      backend_(std::move(backend)),
      stored_(checkpoint, std::move(quantization), backend_, plan == nullptr),
      read_(std::move(read)),
      plan_(plan) {}

Weights::Weights(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
                 Read read)
    : Weights(checkpoint, std::move(quantization), std::move(backend), std::move(read), nullptr) {}

Weights Weights::unread(Checkpoint& checkpoint, QuantizationConfig quantization,
                        BackendPointer backend, LoadPlan& plan) {
  SANCTUM_INVARIANT(!backend->packs(), "who packs reads");
  return {checkpoint, std::move(quantization), std::move(backend), nullptr, &plan};
}

mx::array Weights::keep(mx::array array) {
  pending_bytes_ += array.nbytes();
  if (const mx::Dtype compute = backend_->compute_dtype();
      mx::issubdtype(array.dtype(), mx::floating) && array.dtype() != compute) {
    array = mx::astype(array, compute);
  }
  pending_.push_back(array);
  if (pending_bytes_ >= kPendingBytesMax) read_pending();
  return array;
}

void Weights::read_pending() {
  if (plan_ == nullptr) mx::eval(pending_);
  checkpoint_.expect_read();
  pending_.clear();
  pending_bytes_ = 0;
  tell();
}

void Weights::tell() {
  if (read_) read_(checkpoint_.taken_bytes());
}

void Weights::finish() {
  checkpoint_.finish();
  read_pending();
  checkpoint_.expect_unchanged();
}

mx::array Weights::tensor(const std::string& name, const mx::Shape& shape) {
  return tensor_of(name, {shape});
}

mx::array Weights::tensor_of(const std::string& name, const std::vector<mx::Shape>& shapes) {
  const mx::array stored = stored_.floats(name, shapes);
  if (plan_ != nullptr) plan_->bytes += bytes_as(stored, plan_->backend.compute_dtype());
  return keep(stored);
}

StoredMatrix Weights::kept(StoredMatrix stored) {
  if (plan_ != nullptr) plan_->bytes += plan_->backend.matrix_bytes(stored);
  if (backend_->packs()) return stored;
  stored.weight = keep(stored.weight);
  if (stored.scales) stored.scales = keep(*stored.scales);
  if (stored.biases) stored.biases = keep(*stored.biases);
  if (stored.factors) pending_.push_back(*stored.factors);  // of float32, as they stay
  return stored;
}

std::shared_ptr<const Matrix> Weights::matrix(StoredMatrix stored) {
  auto made = backend_->matrix(kept(std::move(stored)));
  if (backend_->packs()) tell();
  return made;
}

std::shared_ptr<const Experts> Weights::experts(const std::string& path, const ExpertSizes& sizes,
                                                Activation act, const Routing& routing,
                                                std::optional<mx::array> scales) {
  ExpertTensors read = stored_.experts(path, sizes);
  StoredExperts stored{kept(std::move(read.gate)),
                       kept(std::move(read.up)),
                       kept(std::move(read.down)),
                       sizes.count,
                       act,
                       routing};
  const Backend& meant = plan_ != nullptr ? plan_->backend : *backend_;
  if (const std::string why = meant.refusal_of(stored); !why.empty())
    throw Error(ErrorCode::kInvalid, path + ": " + why, "path");
  stored.scales = std::move(scales);
  const auto bias = [this](const std::optional<mx::array>& of) -> std::optional<mx::array> {
    if (!of) return std::nullopt;
    if (plan_ != nullptr) plan_->bytes += bytes_as(*of, plan_->backend.compute_dtype());
    return keep(*of);
  };
  stored.gate_bias = bias(read.gate_bias);
  stored.up_bias = bias(read.up_bias);
  stored.down_bias = bias(read.down_bias);
  auto made = backend_->experts(std::move(stored));
  if (backend_->packs()) tell();
  return made;
}

Linear Weights::linear(const std::string& path, int in, int out, bool bias) {
  auto m = matrix(stored_.matrix(path, {out}, in));
  if (!bias) return Linear(std::move(m), std::nullopt);
  return Linear(std::move(m), tensor(path + ".bias", {out}));
}

Linear Weights::linear(mx::array weight, mx::array bias) {
  return {backend_->matrix({std::move(weight), {}, {}, 0, 0}), std::move(bias)};
}

GatedMlp Weights::gated_mlp(const std::string& path, Activation act, int width, int inner,
                            bool bias) {
  LinearGroup gate_and_up = linears(path, {{"gate_proj", inner}, {"up_proj", inner}}, width, bias);
  return gated_mlp(act, std::move(gate_and_up), linear(path + ".down_proj", inner, width, bias));
}

LinearGroup Weights::linears(const std::string& path, const std::vector<Named>& layers, int in,
                             bool bias) {
  std::vector<Linear> out;
  out.reserve(layers.size());
  for (const auto& [name, features] : layers)
    out.push_back(linear(path + "." + name, in, features, bias));
  return {backend_, std::move(out)};
}

LinearGroup Weights::split_linears(const std::string& path, const std::vector<int>& outs, int in) {
  const StoredMatrix whole =
      stored_.matrix(path, {std::accumulate(outs.begin(), outs.end(), 0)}, in);
  std::vector<Linear> layers;
  int first = 0;
  for (const int out : outs) {
    layers.emplace_back(matrix(rows_of(whole, first, first + out)), std::nullopt);
    first += out;
  }
  return {backend_, std::move(layers)};
}

Embedding Weights::embedding(const std::string& path, int count, int width) {
  return Embedding(matrix(stored_.matrix(path, {count}, width)));
}

RmsNorm Weights::rms_norm(const std::string& path, int width, float eps, StoredNorm stored) {
  mx::array weight = tensor(path + ".weight", {width});
  if (stored == StoredNorm::kWhole) return {backend_, std::move(weight), eps};
  return rms_norm_of(mx::add(weight, mx::array(1, weight.dtype())), eps);
}

mx::array Weights::exact(const std::string& name, const std::vector<mx::Shape>& shapes) {
  mx::array out = mx::astype(stored_.floats(name, shapes), mx::float32);
  if (plan_ != nullptr) plan_->bytes += out.nbytes();
  pending_.push_back(out);
  return out;
}

RmsNorm Weights::rms_norm_of(mx::array weight, float eps) {
  pending_.push_back(weight);
  return {backend_, std::move(weight), eps};
}

RmsNorm Weights::rms_norm(int width, float eps) {
  return rms_norm_of(mx::ones({width}, backend_->compute_dtype()), eps);
}

void Weights::drop(const std::string& path) {
  stored_.drop(path);
}

LayerNorm Weights::layer_norm(const std::string& path, int width, float eps) {
  mx::array weight = tensor(path + ".weight", {width});
  return {backend_, std::move(weight), tensor(path + ".bias", {width}), eps};
}

Rope Weights::rope(RopeFrequencies frequencies, std::vector<int> axes) {
  return {backend_, std::move(frequencies), std::move(axes)};
}

}  // namespace sanctum::nn
