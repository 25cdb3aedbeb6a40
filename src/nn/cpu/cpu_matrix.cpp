#include "nn/cpu/cpu_matrix.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "base/invariant.h"
#include "kernels/product.h"
#include "nn/cpu/cpu_op.h"

namespace sanctum::nn {
namespace {

const float* floats(const void* data) {
  return static_cast<const float*>(data);
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

}  // namespace

kernels::NumberType number_type(mx::Dtype dtype) {
  if (dtype == mx::bfloat16) return kernels::kBfloat16;
  if (dtype == mx::float16) return kernels::kFloat16;
  SANCTUM_INVARIANT(dtype == mx::float32, "type of a weight");
  return kernels::kFloat32;
}

PackedWeights::PackedWeights(RuntimePointer runtime, const StoredMatrix& stored, int row_bits,
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

PackedWeights::~PackedWeights() {
  *held_ -= packed_->bytes();
}

mx::array PackedWeights::gather(const mx::array& ids) const {
  const int count = ids.shape(0);
  return cpu_op({ids}, {count, packed_->columns()}, mx::float32,
                [w = packed_, count](const auto& in, void* out) {
                  const auto* id = static_cast<const std::int32_t*>(in[0]);
                  auto* to = static_cast<float*>(out);
                  for (int i = 0; i < count; ++i, to += w->columns()) w->read_row(id[i], to);
                });
}

std::vector<mx::array> PackedWeights::multiply_each(const mx::array& x,
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

PlainWeights::PlainWeights(RuntimePointer runtime, const mx::array& weight)
    : runtime_(std::move(runtime)), weight_(mx::contiguous(weight)) {
  mx::eval(weight_);
}

mx::array PlainWeights::multiply(const mx::array& x) const {
  const int rows = x.shape(0), outputs = weight_.shape(0), columns = weight_.shape(1);
  return cpu_op({x, weight_}, {rows, outputs}, mx::float32,
                [runtime = runtime_, rows, outputs, columns, type = number_type(weight_.dtype())](
                    const auto& in, void* out) {
                  kernels::multiply_all(*runtime, floats(in[0]), rows,
                                        {in[1], type, outputs, columns}, static_cast<float*>(out));
                });
}

mx::array PlainWeights::gather(const mx::array& ids) const {
  return mx::astype(mx::take(weight_, ids, 0), mx::float32);
}

}  // namespace sanctum::nn
