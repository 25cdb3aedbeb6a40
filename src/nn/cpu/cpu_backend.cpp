// Our kernels, as nodes of MLX's graph.
#include <mlx/device.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <cstdint>

#include "base/invariant.h"
#include "kernels/number_format.h"
#include "kernels/product.h"
#include "nn/backend.h"
#include "nn/cpu/cpu_attention.h"
#include "nn/cpu/cpu_op.h"
#include "nn/cpu/paged_cache.h"
#include "platform/cores.h"

namespace sanctum::nn {
namespace {

using RuntimePointer = std::shared_ptr<kernels::Runtime>;

const float* floats(const void* data) {
  return static_cast<const float*>(data);
}

kernels::NumberType number_type(mx::Dtype dtype) {
  if (dtype == mx::bfloat16) return kernels::kBfloat16;
  if (dtype == mx::float16) return kernels::kFloat16;
  SANCTUM_INVARIANT(dtype == mx::float32, "type of a weight");
  return kernels::kFloat32;
}

kernels::AffineReader reader_of(const StoredMatrix::Places& places, std::size_t word_bytes,
                                std::size_t scale_bytes) {
  return [=](int first, int last, std::vector<std::byte>& room) {
    const auto rows = static_cast<std::size_t>(last - first);
    room.resize(rows * (word_bytes + 2 * scale_bytes));
    std::byte* const words = room.data();
    std::byte* const scales = words + rows * word_bytes;
    std::byte* const biases = scales + rows * scale_bytes;
    const auto read = [&](const WeightPlace& place, std::byte* to, std::size_t row_bytes) {
      place.file->read(place.begin + static_cast<std::size_t>(first) * row_bytes, to,
                       rows * row_bytes);
    };
    read(places.weight, words, word_bytes);
    read(places.scales, scales, scale_bytes);
    read(places.biases, biases, scale_bytes);
    return kernels::AffineSource{reinterpret_cast<const std::uint32_t*>(words), scales, biases};
  };
}

class PackedWeights final : public Matrix {
 public:
  // Adds to `held` what it holds.
  PackedWeights(RuntimePointer runtime, const StoredMatrix& stored, int row_bits,
                std::shared_ptr<std::uint64_t> held)
      : runtime_(std::move(runtime)),
        row_bits_(row_bits > 0       ? row_bits
                  : stored.bits == 8 ? 16
                                     : 8),
        held_(std::move(held)) {
    const int outputs = stored.weight.shape(0), columns = stored.weight.shape(1) * 32 / stored.bits;
    const kernels::NumberType type = number_type(stored.scales->dtype());
    const auto pack = [&](const auto& source) {
      packed_ = std::make_shared<const kernels::PackedMatrix>(
          source, outputs, columns, stored.bits, stored.group_size, type, &runtime_->pool());
    };
    if (stored.places) {
      const auto row_bytes = [](const mx::array& a) {
        return static_cast<std::size_t>(a.shape(1)) * a.itemsize();
      };
      pack(reader_of(*stored.places, row_bytes(stored.weight), row_bytes(*stored.scales)));
    } else {
      mx::array words = mx::contiguous(stored.weight), scales = mx::contiguous(*stored.scales);
      mx::array biases = mx::contiguous(*stored.biases);
      mx::eval(words, scales, biases);
      pack(kernels::AffineSource{words.data<std::uint32_t>(), scales.data<char>(),
                                 biases.data<char>()});
    }
    *held_ += packed_->bytes();
  }
  ~PackedWeights() override { *held_ -= packed_->bytes(); }
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;
  mx::array multiply(const mx::array& x) const override { return multiply_each(x, {this}).front(); }
  mx::array gather(const mx::array& ids) const override {
    const int count = ids.shape(0);
    return cpu_op({ids}, {count, packed_->columns()}, mx::float32,
                  [w = packed_, count](const auto& in, void* out) {
                    const auto* id = static_cast<const std::int32_t*>(in[0]);
                    auto* to = static_cast<float*>(out);
                    for (int i = 0; i < count; ++i, to += w->columns()) w->read_row(id[i], to);
                  });
  }

  // What meets the same rows, quantized alike, can meet them at once.
  bool goes_with(const PackedWeights& other) const {
    return packed_->columns() == other.packed_->columns() &&
           packed_->block() == other.packed_->block() && row_bits_ == other.row_bits_;
  }
  static std::vector<mx::array> multiply_each(const mx::array& x,
                                              const std::vector<const PackedWeights*>& of) {
    const int rows = x.shape(0);
    std::vector<mx::Shape> shapes;
    std::vector<std::shared_ptr<const kernels::PackedMatrix>> packed;
    for (const PackedWeights* one : of) {
      shapes.push_back({rows, one->packed_->outputs()});
      packed.push_back(one->packed_);
    }
    return cpu_op({x}, shapes, mx::float32,
                  [runtime = of.front()->runtime_, packed = std::move(packed), rows,
                   bits = of.front()->row_bits_](const auto& in, const auto& out) {
                    std::vector<kernels::ProductTo> products;
                    products.reserve(packed.size());
                    for (std::size_t i = 0; i < packed.size(); ++i)
                      products.push_back({packed[i].get(), static_cast<float*>(out[i])});
                    kernels::multiply_all(*runtime, floats(in[0]), rows, products, bits);
                  });
  }

 private:
  RuntimePointer runtime_;
  int row_bits_;
  std::shared_ptr<std::uint64_t> held_;
  std::shared_ptr<const kernels::PackedMatrix> packed_;
};

class PlainWeights final : public Matrix {
 public:
  PlainWeights(RuntimePointer runtime, const mx::array& weight)
      : runtime_(std::move(runtime)), weight_(mx::contiguous(weight)) {
    mx::eval(weight_);
  }
  mx::array multiply(const mx::array& x) const override {
    const int rows = x.shape(0), outputs = weight_.shape(0), columns = weight_.shape(1);
    return cpu_op({x, weight_}, {rows, outputs}, mx::float32,
                  [runtime = runtime_, rows, outputs, columns, type = number_type(weight_.dtype())](
                      const auto& in, void* out) {
                    kernels::multiply_all(*runtime, floats(in[0]), rows,
                                          {in[1], type, outputs, columns},
                                          static_cast<float*>(out));
                  });
  }
  mx::array gather(const mx::array& ids) const override {
    return mx::astype(mx::take(weight_, ids, 0), mx::float32);
  }

 private:
  RuntimePointer runtime_;
  mx::array weight_;
};

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
    if (!stored.scales) return std::make_shared<PlainWeights>(runtime_, stored.weight);
    return std::make_shared<PackedWeights>(runtime_, stored, row_bits_, packed_bytes_);
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
    const int heads = x.shape(1), head_size = x.shape(2);
    return by_rows({x, angles.of}, heads * head_size,
                   [heads, head_size](const auto& in, float* out, auto range, auto isa) {
                     kernels::rope(floats(in[0]), floats(in[1]), heads, head_size, out, range, isa);
                   });
  }
  void share(int items, const std::function<void(int)>& work) const override {
    runtime_->pool().run(items, work);
  }
  std::unique_ptr<KvMemory> kv_memory(const KvShape& shape, std::uint64_t bytes) const override {
    const auto type = kv_int8_ ? kernels::kKvInt8 : kernels::kv_type_of(shape.type);
    return std::make_unique<PagedMemory>(shape, type, bytes);
  }
  mx::array causal_attention(const mx::array& q, const mx::array& k, const mx::array& v,
                             float scale, const std::vector<Slice>& slices,
                             int layer) const override {
    std::vector<BlockSlice> parts;
    parts.reserve(slices.size());
    for (const Slice& slice : slices) {
      const auto* cache = static_cast<const PagedCache*>(slice.cache);
      parts.push_back({slice.first, slice.count, cache->length(), cache->blocks()});
    }
    const auto* first = static_cast<const PagedCache*>(slices.front().cache);
    return block_attention(runtime_, first->memory(), q, k, v, scale, std::move(parts), layer);
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
