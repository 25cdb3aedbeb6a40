// Our kernels, as nodes of MLX's graph.
#include <mlx/device.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <cstdint>

#include "base/invariant.h"
#include "kernels/number_format.h"
#include "nn/backend.h"
#include "nn/cpu/cpu_attention.h"
#include "nn/cpu/cpu_experts.h"
#include "nn/cpu/cpu_gated_delta.h"
#include "nn/cpu/cpu_matrix.h"
#include "nn/cpu/cpu_op.h"
#include "nn/cpu/paged_cache.h"
#include "platform/cores.h"

namespace sanctum::nn {
namespace {

const float* floats(const void* data) {
  return static_cast<const float*>(data);
}

class CpuBackend final : public Backend {
 public:
  CpuBackend(RuntimePointer runtime, const CpuOptions& options)
      : runtime_(std::move(runtime)), row_bits_(options.row_bits), kv_int8_(options.kv_int8) {}

  std::string name() const override {
    return std::string("cpu ") + kernels::to_string(runtime_->isa());
  }
  bool same_under_load() const override { return true; }
  // The instruction set is no part of it: all give the same bits.
  std::string numbers() const override {
    const std::string rows =
        row_bits_ > 0 ? std::to_string(row_bits_) + " bits" : "8 bits, of 16 beside 8-bit weights";
    return "cpu, rows of " + rows + ", keys and values " + (kv_int8_ ? "as int8" : "as stored") +
           ", format " + std::to_string(kernels::kNumberFormat);
  }
  mx::Dtype compute_dtype() const override { return mx::float32; }
  bool packs() const override { return true; }
  std::shared_ptr<const Matrix> matrix(StoredMatrix stored) const override {
    return cpu_matrix(runtime_, stored, row_bits_, packed_bytes_);
  }
  std::uint64_t matrix_bytes(const StoredMatrix& stored) const override {
    return cpu_matrix_bytes(stored);
  }
  std::string refusal_of(const StoredExperts& stored) const override {
    return refusal_of_experts(stored);
  }
  std::shared_ptr<const Experts> experts(StoredExperts stored) const override {
    const auto one = [this](StoredMatrix matrix_of) { return matrix(std::move(matrix_of)); };
    return cpu_experts(runtime_, std::move(stored), one);
  }
  std::vector<mx::array> multiply_each(const mx::array& x,
                                       const std::vector<const Matrix*>& matrices) const override {
    std::vector<const PackedWeights*> packed;
    for (const Matrix* matrix : matrices) {
      const auto* one = dynamic_cast<const PackedWeights*>(matrix);
      if (one == nullptr || (!packed.empty() && !one->goes_with(*packed.front())))
        return Backend::multiply_each(x, matrices);
      packed.push_back(one);
    }
    return PackedWeights::multiply_each(x, packed);
  }
  std::uint64_t packed_bytes() const override { return *packed_bytes_; }
  mx::array rms_norm(const mx::array& x, const mx::array& weight, float eps) const override {
    const int columns = x.shape(-1);
    return by_rows({x, weight}, columns,
                   [eps, columns](const auto& in, float* out, auto range, auto isa) {
                     kernels::rms_norm(floats(in[0]), floats(in[1]), eps, columns, out, range, isa);
                   });
  }
  mx::array layer_norm(const mx::array& x, const mx::array& weight, const mx::array& bias,
                       float eps) const override {
    const int columns = x.shape(-1);
    return by_rows({x, weight, bias}, columns,
                   [eps, columns](const auto& in, float* out, auto range, auto isa) {
                     kernels::layer_norm(floats(in[0]), floats(in[1]), floats(in[2]), eps, columns,
                                         out, range, isa);
                   });
  }
  mx::array activate(kernels::Activation act, const mx::array& x) const override {
    const int columns = x.shape(-1);
    return by_rows({x}, columns, [act, columns](const auto& in, float* out, auto range, auto isa) {
      kernels::activate(act, floats(in[0]), nullptr, columns, out, range, isa);
    });
  }
  mx::array gate(kernels::Activation act, const mx::array& x,
                 const mx::array& other) const override {
    const int columns = x.shape(-1);
    return by_rows({x, other}, columns,
                   [act, columns](const auto& in, float* out, auto range, auto isa) {
                     kernels::activate(act, floats(in[0]), floats(in[1]), columns, out, range, isa);
                   });
  }
  mx::array rotate(const mx::array& x, const Angles& angles) const override {
    const int heads = x.shape(1), head_size = x.shape(2), rotated = angles.of.shape(1);
    return by_rows({x, angles.of}, heads * head_size,
                   [heads, head_size, rotated](const auto& in, float* out, auto range, auto isa) {
                     kernels::rope(floats(in[0]), floats(in[1]), heads, head_size, rotated, out,
                                   range, isa);
                   });
  }
  void share(int items, const std::function<void(int)>& work) const override {
    runtime_->pool().run(items, work);
  }
  std::unique_ptr<KvMemory> kv_memory(const KvShape& shape, std::uint64_t bytes,
                                      int step_tokens) const override {
    const auto type = kv_int8_ ? kernels::kKvInt8 : kernels::kv_type_of(shape.type);
    return std::make_unique<PagedMemory>(shape, type, bytes, step_tokens);
  }
  mx::array causal_attention(const mx::array& q, const std::optional<KeyValueRows>& rows,
                             const AttentionForm& form, const std::vector<Slice>& slices,
                             int layer) const override {
    std::vector<BlockSlice> parts;
    parts.reserve(slices.size());
    for (const Slice& slice : slices) {
      const auto* cache = static_cast<const PagedCache*>(slice.cache);
      parts.push_back({slice.first, slice.count, cache->length(), cache->blocks(layer)});
    }
    const auto* first = static_cast<const PagedCache*>(slices.front().cache);
    return block_attention(runtime_, first->memory(), q, rows, form, std::move(parts), layer);
  }
  mx::array gated_delta(const DeltaShape& shape, const DeltaWeights& weights, const mx::array& qkv,
                        const mx::array& a, const mx::array& b, const std::vector<Slice>& slices,
                        int layer) const override {
    std::vector<kernels::DeltaSlice> parts;
    parts.reserve(slices.size());
    for (const Slice& slice : slices) {
      const auto* cache = static_cast<const PagedCache*>(slice.cache);
      const PagedMemory& memory = cache->memory();
      const int block = cache->state_block();
      parts.push_back(
          {slice.first, slice.count, memory.conv(block, layer), memory.state(block, layer)});
    }
    return nn::gated_delta(runtime_, shape, weights, qkv, a, b, std::move(parts));
  }
  PictureKeys picture_keys(const mx::array& k, const mx::array& v) const override {
    return {{packed_keys(runtime_, k, v)}, k.shape(0)};
  }
  mx::array full_attention(const mx::array& q, const PictureKeys& keys,
                           float scale) const override {
    return all_attention(runtime_, q, keys.arrays.front(), keys.rows, scale);
  }

 private:
  // A node of the shape of inputs[0], rows of `columns` numbers, each computed by itself.
  template <class Work>
  mx::array by_rows(std::vector<mx::array> inputs, int columns, Work work) const {
    mx::Shape shape = inputs[0].shape();
    const int rows = static_cast<int>(inputs[0].size() / static_cast<std::size_t>(columns));
    return cpu_op(std::move(inputs), std::move(shape), mx::float32,
                  [runtime = runtime_, rows, columns, work](const auto& in, void* out) {
                    runtime->share_rows(rows, columns, [&](kernels::RowRange range) {
                      work(in, static_cast<float*>(out), range, runtime->isa());
                    });
                  });
  }

  RuntimePointer runtime_;
  int row_bits_;
  bool kv_int8_;
  std::shared_ptr<std::uint64_t> packed_bytes_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace

BackendPointer cpu_backend(const CpuOptions& options) {
  mx::set_default_device(mx::Device::cpu);
  return std::make_shared<CpuBackend>(
      std::make_shared<kernels::Runtime>(cpu_threads(options), kernels::chosen_isa()), options);
}

int cpu_threads(const CpuOptions& options) {
  const int wanted = options.threads > 0 ? options.threads : platform::cores_to_use();
  return std::clamp(wanted, 1, kCpuThreadsMax);
}

}  // namespace sanctum::nn
