#include "nn/cpu/cpu_matrix.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <cstring>
#include <utility>

#include "base/invariant.h"
#include "kernels/half.h"
#include "kernels/product.h"
#include "kernels/small_float.h"
#include "nn/cpu/cpu_op.h"
#include "nn/e4m3.h"

namespace sanctum::nn {
namespace {

const float* floats(const void* data) {
  return static_cast<const float*>(data);
}

std::size_t row_bytes(const mx::array& of) {
  return static_cast<std::size_t>(of.shape(1)) * of.itemsize();
}

// From the file.
kernels::QuantizedReader reader_of(const StoredMatrix::Places& places, std::size_t word_bytes,
                                   std::size_t scale_bytes) {
  return [=](int first, int last, std::vector<std::byte>& room) {
    const auto rows = static_cast<std::size_t>(last - first);
    const std::size_t bias_bytes = places.biases.file ? scale_bytes : 0;
    room.resize(rows * (word_bytes + scale_bytes + bias_bytes));
    std::byte* const words = room.data();
    std::byte* const scales = words + rows * word_bytes;
    std::byte* const biases = scales + rows * scale_bytes;
    const auto read = [&](const WeightPlace& place, std::byte* to, std::size_t bytes) {
      place.file->read(place.begin + static_cast<std::size_t>(first) * bytes, to, rows * bytes);
    };
    read(places.weight, words, word_bytes);
    read(places.scales, scales, scale_bytes);
    if (bias_bytes > 0) read(places.biases, biases, bias_bytes);
    return kernels::QuantizedSource{reinterpret_cast<const std::uint32_t*>(words), scales,
                                    bias_bytes > 0 ? biases : nullptr};
  };
}

// From arrays, evaluated and row by row.
kernels::QuantizedReader reader_of(const mx::array& words, const mx::array& scales,
                                   const std::optional<mx::array>& biases) {
  return [=](int first, int, std::vector<std::byte>&) {
    const auto row = static_cast<std::size_t>(first);
    const auto from = [&](const mx::array& of) { return of.data<char>() + row * row_bytes(of); };
    return kernels::QuantizedSource{reinterpret_cast<const std::uint32_t*>(from(words)),
                                    from(scales), biases ? from(*biases) : nullptr};
  };
}

// What the kernels take for the 8-bit scales of E2M1: times a row's factor where there are factors.
struct E2m1Scales {
  QuantizationMode mode;
  kernels::NumberType type;  // that they become
  std::size_t per_row;
  std::vector<float> factors = {};
  int rows_per_factor = 0;

  float of(std::uint8_t stored, int row) const {
    if (mode == QuantizationMode::kMxfp4) return kernels::e8m0_to_float(stored);
    const float scale = kernels::e4m3_to_float(stored);
    return factors.empty() ? scale
                           : scale * factors[static_cast<std::size_t>(row / rows_per_factor)];
  }
};

// As it is kept: a row's factor times an 8-bit scale needs float32.
kernels::PackedShape packed_shape(const StoredMatrix& stored) {
  const bool affine = stored.mode == QuantizationMode::kAffine;
  return {stored.weight.shape(0),
          stored.weight.shape(1) * 32 / stored.bits,
          kernels::PackedShape::bits_of(stored.bits),
          stored.group_size,
          affine           ? number_type(stored.scales->dtype())
          : stored.factors ? kernels::kFloat32
                           : kernels::kBfloat16,
          affine ? kernels::Codes::kAffine : kernels::Codes::kE2m1};
}

E2m1Scales e2m1_scales(const StoredMatrix& stored) {
  E2m1Scales out{stored.mode, packed_shape(stored).scale_type, row_bytes(*stored.scales)};
  if (!stored.factors) return out;
  const mx::array factors = mx::contiguous(*stored.factors);
  mx::eval(factors);
  out.factors.assign(factors.data<float>(), factors.data<float>() + factors.size());
  out.rows_per_factor = stored.weight.shape(0) / static_cast<int>(factors.size());
  return out;
}

kernels::QuantizedReader with_scales(kernels::QuantizedReader read, std::size_t word_bytes,
                                     E2m1Scales scales) {
  return [read = std::move(read), word_bytes, scales = std::move(scales)](
             int first, int last, std::vector<std::byte>& room) {
    std::vector<std::byte> stored_room;
    const kernels::QuantizedSource stored = read(first, last, stored_room);
    const auto rows = static_cast<std::size_t>(last - first);
    const std::size_t bytes = kernels::bytes_of(scales.type);
    room.resize(rows * (word_bytes + scales.per_row * bytes));
    std::memcpy(room.data(), stored.words, rows * word_bytes);
    std::byte* to = room.data() + rows * word_bytes;
    const auto* from = static_cast<const std::uint8_t*>(stored.scales);
    for (int row = first; row < last; ++row)
      for (std::size_t i = 0; i < scales.per_row; ++i, to += bytes)
        kernels::from_float(scales.of(*from++, row), to, scales.type);
    return kernels::QuantizedSource{reinterpret_cast<const std::uint32_t*>(room.data()),
                                    room.data() + rows * word_bytes, nullptr};
  };
}

// E4M3 times powers of two has no more bits than bfloat16.
mx::array bfloat16_of_mxfp8(const StoredMatrix& stored, const Share& share) {
  const mx::array words = mx::contiguous(stored.weight), bytes = mx::contiguous(*stored.scales);
  mx::eval(words, bytes);
  BlockScales scales{{}, 1, stored.group_size};
  scales.values.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    scales.values.push_back(kernels::e8m0_to_float(bytes.data<std::uint8_t>()[i]));
  return bfloat16_of_e4m3(words, words.shape(0), static_cast<int>(row_bytes(words)), scales, share);
}

}  // namespace

kernels::NumberType number_type(mx::Dtype dtype) {
  if (dtype == mx::bfloat16) return kernels::kBfloat16;
  if (dtype == mx::float16) return kernels::kFloat16;
  SANCTUM_INVARIANT(dtype == mx::float32, "type of a weight");
  return kernels::kFloat32;
}

std::shared_ptr<const Matrix> cpu_matrix(RuntimePointer runtime, const StoredMatrix& stored,
                                         int row_bits, std::shared_ptr<std::uint64_t> held) {
  if (!stored.scales) return std::make_shared<PlainWeights>(std::move(runtime), stored.weight);
  if (stored.mode == QuantizationMode::kMxfp8) {
    const auto share = [&](int items, const auto& work) { runtime->pool().run(items, work); };
    return std::make_shared<PlainWeights>(runtime, bfloat16_of_mxfp8(stored, share));
  }
  return std::make_shared<PackedWeights>(std::move(runtime), stored, row_bits, std::move(held));
}

std::uint64_t cpu_matrix_bytes(const StoredMatrix& stored) {
  if (!stored.scales) return stored.weight.nbytes();
  if (stored.mode == QuantizationMode::kMxfp8)
    return stored.weight.nbytes() * kernels::bytes_of(kernels::kBfloat16);
  return packed_shape(stored).bytes();
}

PackedWeights::PackedWeights(RuntimePointer runtime, const StoredMatrix& stored, int row_bits,
                             std::shared_ptr<std::uint64_t> held)
    : runtime_(std::move(runtime)), row_bits_(row_bits), held_(std::move(held)) {
  if (row_bits_ == 0) row_bits_ = stored.bits > 4 ? 16 : 8;
  const kernels::PackedShape shape = packed_shape(stored);
  kernels::QuantizedReader read;
  if (stored.places) {
    read = reader_of(*stored.places, row_bytes(stored.weight), row_bytes(*stored.scales));
  } else {
    const mx::array words = mx::contiguous(stored.weight), scales = mx::contiguous(*stored.scales);
    std::optional<mx::array> biases;
    if (stored.biases) biases = mx::contiguous(*stored.biases);
    mx::eval(words, scales);
    if (biases) mx::eval(*biases);
    read = reader_of(words, scales, biases);
  }
  if (shape.codes == kernels::Codes::kE2m1)
    read = with_scales(std::move(read), row_bytes(stored.weight), e2m1_scales(stored));
  packed_ = std::make_shared<const kernels::PackedMatrix>(
      read, shape.outputs, shape.columns, stored.bits, shape.group, shape.scale_type,
      &runtime_->pool(), shape.codes);
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
