// MLX's own operations.
#include <mlx/compile.h>
#include <mlx/device.h>
#include <mlx/fast.h>
#include <mlx/ops.h>
#include <mlx/version.h>

#include <cmath>
#include <cstdlib>

#include "base/invariant.h"
#include "nn/backend.h"
#include "nn/stock/contiguous_cache.h"
#include "nn/stock/stock_attention.h"
#include "nn/stock/stock_experts.h"

namespace sanctum::nn {
namespace {

mx::array scalar(double value, const mx::array& like) {
  return mx::array(static_cast<float>(value), like.dtype());
}

mx::array gelu_tanh(const mx::array& x) {
  const mx::array cube = mx::multiply(mx::multiply(x, x), x);
  const mx::array inner = mx::multiply(scalar(std::sqrt(2.0 / M_PI), x),
                                       mx::add(x, mx::multiply(scalar(0.044715, x), cube)));
  return mx::multiply(mx::multiply(x, scalar(0.5, x)), mx::add(scalar(1, x), mx::tanh(inner)));
}

using Arrays = std::vector<mx::array>;
using Function = Arrays (*)(const Arrays&);

mx::array silu(const mx::array& x) {
  return mx::multiply(x, mx::sigmoid(x));
}

constexpr double kSwigluLimit = 7;

mx::array clamped_swish(const mx::array& x) {
  const mx::array y = mx::minimum(x, scalar(kSwigluLimit, x));
  return mx::multiply(y, mx::sigmoid(mx::multiply(scalar(1.702, x), y)));
}

// What MLX may make one kernel of: of [x], and of [x, other], which is multiplied.
struct Functions {
  Function alone, times;
};
Functions functions_of(kernels::Activation act) {
  switch (act) {
    case kernels::Activation::kSilu:
      return {[](const Arrays& in) { return Arrays{silu(in[0])}; },
              [](const Arrays& in) { return Arrays{mx::multiply(silu(in[0]), in[1])}; }};
    case kernels::Activation::kGeluTanh:
      return {[](const Arrays& in) { return Arrays{gelu_tanh(in[0])}; },
              [](const Arrays& in) { return Arrays{mx::multiply(gelu_tanh(in[0]), in[1])}; }};
    case kernels::Activation::kClampedSwiglu:
      return {[](const Arrays& in) { return Arrays{clamped_swish(in[0])}; },
              [](const Arrays& in) {
                const mx::array other =
                    mx::clip(in[1], scalar(-kSwigluLimit, in[1]), scalar(kSwigluLimit, in[1]));
                return Arrays{mx::multiply(clamped_swish(in[0]), mx::add(other, scalar(1, in[1])))};
              }};
  }
  SANCTUM_INVARIANT(false, "an activation");
  std::abort();
}

class StockMatrix final : public Matrix {
 public:
  StockMatrix(StoredMatrix stored, mx::Dtype compute)
      : stored_(std::move(stored)), compute_(compute) {}

  mx::array multiply(const mx::array& x) const override {
    if (!stored_.scales) return mx::matmul(x, mx::transpose(stored_.weight));
    return times_factor(
        mx::quantized_matmul(x, stored_.weight, *stored_.scales, stored_.biases,
                             /*transpose=*/true, stored_.group_size, stored_.bits, mode()),
        x.dtype());
  }
  mx::array gather(const mx::array& ids) const override {
    const auto rows = [&](const mx::array& of) { return mx::take(of, ids, 0); };
    if (!stored_.scales) return mx::astype(rows(stored_.weight), compute_);
    std::optional<mx::array> biases;
    if (stored_.biases) biases = rows(*stored_.biases);
    return times_factor(
        mx::dequantize(rows(stored_.weight), rows(*stored_.scales), biases, stored_.group_size,
                       stored_.bits, mode(), std::nullopt, compute_),
        compute_);
  }

 private:
  std::string mode() const { return to_string(stored_.mode); }
  // A factor of the whole matrix is applied in float32.
  mx::array times_factor(const mx::array& y, mx::Dtype type) const {
    if (!stored_.factors) return y;
    return mx::astype(mx::multiply(y, *stored_.factors), type);
  }

  StoredMatrix stored_;
  mx::Dtype compute_;
};

class StockBackend final : public Backend {
 public:
  StockBackend(mx::Dtype compute, bool fuses) : compute_(compute), fuses_(fuses) {}

  std::string name() const override { return "mlx"; }
  bool same_under_load() const override { return false; }
  std::string numbers() const override { return std::string("mlx ") + mx::version(); }
  mx::Dtype compute_dtype() const override { return compute_; }
  bool packs() const override { return false; }
  std::shared_ptr<const Matrix> matrix(StoredMatrix stored) const override {
    return std::make_shared<StockMatrix>(std::move(stored), compute_);
  }
  std::uint64_t matrix_bytes(const StoredMatrix& stored) const override {
    std::uint64_t bytes = bytes_as(stored.weight, compute_);
    for (const auto& part : {stored.scales, stored.biases})
      if (part) bytes += bytes_as(*part, compute_);
    return bytes;
  }
  std::shared_ptr<const Experts> experts(StoredExperts stored) const override {
    return stock_experts(std::move(stored), *this);
  }
  std::uint64_t packed_bytes() const override { return 0; }
  mx::array rms_norm(const mx::array& x, const mx::array& weight, float eps) const override {
    return mx::fast::rms_norm(x, weight, eps);
  }
  mx::array layer_norm(const mx::array& x, const mx::array& weight, const mx::array& bias,
                       float eps) const override {
    return mx::fast::layer_norm(x, weight, bias, eps);
  }
  mx::array activate(kernels::Activation act, const mx::array& x) const override {
    return fused(functions_of(act).alone, {x});
  }
  mx::array gate(kernels::Activation act, const mx::array& x,
                 const mx::array& other) const override {
    return fused(functions_of(act).times, {x, other});
  }
  bool rotates_by_place() const override { return true; }
  mx::array rotate(const mx::array& x, const Angles& angles) const override {
    const int rotated = angles.periods ? 2 * angles.periods->shape(0) : angles.of.shape(1);
    const bool whole = rotated == x.shape(2);
    if (angles.periods && (whole || angles.magnitude == 1)) {
      const mx::array scaled =
          angles.magnitude == 1 ? x : mx::multiply(x, scalar(angles.magnitude, x));
      // Each row a batch of its own, of one token.
      const mx::array turned =
          mx::fast::rope(mx::expand_dims(scaled, 2), rotated, /*traditional=*/false,
                         /*base=*/std::nullopt, /*scale=*/1, angles.of, angles.periods);
      return mx::squeeze(turned, 2);
    }
    if (!whole) {
      const auto parts = mx::split(x, mx::Shape{rotated}, -1);
      return mx::concatenate({rotate(parts[0], angles), parts[1]}, -1);
    }
    const auto table = mx::split(mx::expand_dims(angles.of, 1), 2, -1);
    const auto halves = mx::split(mx::astype(x, mx::float32), 2, -1);
    const mx::array first =
        mx::subtract(mx::multiply(halves[0], table[0]), mx::multiply(halves[1], table[1]));
    const mx::array second =
        mx::add(mx::multiply(halves[1], table[0]), mx::multiply(halves[0], table[1]));
    return mx::astype(mx::concatenate({first, second}, -1), x.dtype());
  }

  void share(int items, const std::function<void(int)>& work) const override {
    for (int i = 0; i < items; ++i) work(i);
  }
  // A GPU's, and on a CPU all but one.
  bool leaves_cores() const override { return true; }
  std::unique_ptr<KvMemory> kv_memory(const KvShape& shape, std::uint64_t bytes,
                                      int step_tokens) const override {
    return std::make_unique<ContiguousMemory>(shape, compute_, bytes, step_tokens);
  }
  mx::array causal_attention(const mx::array& q, const std::optional<KeyValueRows>& rows,
                             const AttentionForm& form, const std::vector<Slice>& slices,
                             int layer) const override {
    return nn::causal_attention(q, rows, form, slices, layer);
  }
  mx::array gated_delta(const DeltaShape& shape, const DeltaWeights& weights, const mx::array& qkv,
                        const mx::array& a, const mx::array& b, const std::vector<Slice>& slices,
                        int layer) const override {
    Arrays outputs;
    for (const Slice& slice : slices) {
      DeltaState& state = static_cast<ContiguousCache*>(slice.cache)->state(layer);
      const auto rows = [&](const mx::array& of) {
        return mx::slice(of, {slice.first, 0}, {slice.first + slice.count, of.shape(1)});
      };
      DeltaStep step = nn::gated_delta(shape, weights, rows(qkv), rows(a), rows(b), state);
      state = std::move(step.after);
      outputs.push_back(std::move(step.out));
    }
    return outputs.size() == 1 ? outputs.front() : mx::concatenate(outputs, 0);
  }
  PictureKeys picture_keys(const mx::array& k, const mx::array& v) const override {
    return {{k, v}, k.shape(0)};
  }
  mx::array full_attention(const mx::array& q, const PictureKeys& keys,
                           float scale) const override {
    return nn::full_attention(q, keys.arrays[0], keys.arrays[1], scale);
  }

 private:
  // MLX keeps what it compiled by the function's address, for any shape, and compiles nothing while
  // its mode says so (the switch "compile").
  mx::array fused(Function function, const Arrays& inputs) const {
    if (!fuses_) return function(inputs).front();
    return mx::compile(function, /*shapeless=*/true)(inputs).front();
  }

  mx::Dtype compute_;
  bool fuses_;
};

}  // namespace

BackendPointer stock_backend(mx::Dtype compute, std::optional<bool> fuses) {
  const bool gpu = mx::default_device() == mx::Device::gpu;
  return std::make_shared<StockBackend>(compute, fuses.value_or(gpu));
}

}  // namespace sanctum::nn
