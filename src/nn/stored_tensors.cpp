#include "nn/stored_tensors.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <array>
#include <utility>

#include "base/error.h"
#include "kernels/small_float.h"
#include "nn/e4m3.h"

namespace sanctum::nn {
namespace {

constexpr float kE4m3Largest = 448;
constexpr float kNvfp4Largest = 6 * kE4m3Largest;  // of E2M1 times of E4M3

mx::array flat(const mx::array& of) {
  return of.ndim() == 2 ? of : mx::flatten(of, 0, -2);
}

// What is stored beside a matrix: for its own numbers, and for activations, keys and values where
// they are quantized too.
constexpr std::array kBeside{".scales",       ".biases",         ".global_scale",
                             ".weight_scale", ".weight_scale_2", ".weight_scale_inv"};
constexpr std::array kUnused{".activation_scale", ".input_scale", ".k_scale", ".v_scale"};

[[noreturn]] void out_of_range(const std::string& name) {
  throw Error(ErrorCode::kInvalid,
              name +
                  " has a number that is none, or so large that what is multiplied by it is "
                  "beyond what a float holds",
              "path");
}

}  // namespace

[[noreturn]] void StoredTensors::corrupt(const std::string& what) {
  throw Error(ErrorCode::kCorrupt, what, "path");
}

void StoredTensors::expect_whole_groups(const std::string& path, int columns, int group_size) {
  if (columns % group_size == 0) return;
  corrupt(path + " has " + std::to_string(columns) + " columns, no multiple of its group size " +
          std::to_string(group_size));
}

void StoredTensors::expect_scales_in_range(const std::string& name, const mx::array& scales) const {
  if (!reads_) return;
  if (mx::max(scales).item<std::uint8_t>() >= kernels::kE8m0TooLarge) out_of_range(name);
}

void StoredTensors::expect_e4m3_numbers(const std::string& name, const mx::array& scales) const {
  if (!reads_) return;
  const mx::array sizes = mx::bitwise_and(scales, mx::array(kernels::kE4m3NaN, mx::uint8));
  if (mx::max(sizes).item<std::uint8_t>() == kernels::kE4m3NaN) out_of_range(name);
}

void StoredTensors::expect_factors_in_range(const std::string& name,
                                            const mx::array& factors) const {
  if (!reads_) return;
  const float largest = mx::max(mx::abs(factors)).item<float>() * kE4m3Largest;
  if (!(largest < kernels::kE2m1ScaleTooLarge)) out_of_range(name);
}

StoredTensors::StoredTensors(Checkpoint& checkpoint, QuantizationConfig quantization,
                             BackendPointer backend, bool reads)
    : checkpoint_(checkpoint),
      quantization_(std::move(quantization)),
      backend_(std::move(backend)),
      reads_(reads) {}

mx::array StoredTensors::floats(const std::string& name, const std::vector<mx::Shape>& shapes) {
  mx::array array = checkpoint_.take(name, {floating_types(), shapes});
  if (!type_) {
    type_ = array.dtype() == mx::bfloat16  ? kernels::kBfloat16
            : array.dtype() == mx::float16 ? kernels::kFloat16
                                           : kernels::kFloat32;
  }
  return array;
}

std::optional<Quantization> StoredTensors::quantization_of(const std::string& path) const {
  if (!quantization_.all) return std::nullopt;
  if (const auto found = quantization_.overrides.find(path);
      found != quantization_.overrides.end()) {
    return found->second;
  }
  return checkpoint_.has(path + ".scales") ? quantization_.all : std::nullopt;
}

StoredMatrix StoredTensors::matrix(const std::string& path, const mx::Shape& rows, int columns) {
  if (const auto format = quantization_of(path)) return quantized(path, rows, columns, *format);
  if (quantization_.foreign != ForeignQuantization::kNone && rows.size() == 1) {
    for (const char* const unused : kUnused) checkpoint_.drop(path + unused);
    if (checkpoint_.has(path + ".weight_scale_inv")) return fp8(path, rows[0], columns);
    if (checkpoint_.has(path + ".weight_scale")) return modelopt(path, rows[0], columns);
  }
  mx::Shape shape = rows;
  shape.push_back(columns);
  return {flat(floats(path + ".weight", {shape})), {}, {}, 0, 0};
}

StoredMatrix StoredTensors::quantized(const std::string& path, const mx::Shape& rows, int columns,
                                      const Quantization& format) {
  const bool affine = format.mode == QuantizationMode::kAffine;
  const auto shape = [&rows](int width) {
    mx::Shape out = rows;
    out.push_back(width);
    return out;
  };
  expect_whole_groups(path, columns, format.group_size);
  std::optional<StoredMatrix::Places> places;
  const std::string weight_name = path + ".weight", scales_name = path + ".scales",
                    biases_name = path + ".biases";
  if (backend_->packs() && checkpoint_.has(weight_name) && checkpoint_.has(scales_name) &&
      (!affine || checkpoint_.has(biases_name))) {
    places = {checkpoint_.place(weight_name), checkpoint_.place(scales_name),
              affine ? checkpoint_.place(biases_name) : WeightPlace{}};
  }
  mx::array weight =
      checkpoint_.take(weight_name, {{mx::uint32}, {shape(columns * format.bits / 32)}});
  const mx::Shape groups = shape(columns / format.group_size);
  if (!affine) {
    mx::array scales = checkpoint_.take(scales_name, {{mx::uint8}, {groups}});
    if (format.mode == QuantizationMode::kNvfp4)
      expect_e4m3_numbers(scales_name, scales);
    else
      expect_scales_in_range(scales_name, scales);
    StoredMatrix out{flat(weight), flat(scales),      {},         format.group_size,
                     format.bits,  std::move(places), format.mode};
    // One for each expert: the largest of its numbers, which the scales are relative to.
    const std::string global = path + ".global_scale";
    if (format.mode == QuantizationMode::kNvfp4 && checkpoint_.has(global)) {
      const int parts = rows.size() == 1 ? 1 : rows[0];
      const mx::array largest = checkpoint_.take(global, {{mx::float32}, {{parts}}});
      out.factors = mx::divide(largest, mx::array(kNvfp4Largest));
      expect_factors_in_range(global, *out.factors);
    }
    return out;
  }
  mx::array scales = floats(scales_name, {groups});
  // Kernels read both by the scales' type.
  mx::array biases = checkpoint_.take(biases_name, {{scales.dtype()}, {groups}});
  return {flat(weight), flat(scales),      flat(biases), format.group_size,
          format.bits,  std::move(places), format.mode};
}

StoredMatrix StoredTensors::fp8(const std::string& path, int rows, int columns) {
  const int high = quantization_.block_rows > 0 ? quantization_.block_rows : rows;
  const int wide = quantization_.block_columns > 0 ? quantization_.block_columns : columns;
  std::vector<mx::Shape> shapes{{(rows + high - 1) / high, (columns + wide - 1) / wide}};
  if (quantization_.block_rows == 0) shapes.insert(shapes.end(), {mx::Shape{}, mx::Shape{1}});
  mx::array weight =
      checkpoint_.take(path + ".weight", {{mx::uint8}, {{rows, columns}}, "F8_E4M3"});
  mx::array scales =
      checkpoint_.take(path + ".weight_scale_inv", {{mx::float32, mx::bfloat16}, shapes});
  if (!reads_) return {mx::zeros({rows, columns}, mx::bfloat16), {}, {}, 0, 0};
  scales = mx::contiguous(mx::astype(scales, mx::float32));
  expect_factors_in_range(path + ".weight_scale_inv", scales);
  weight = mx::contiguous(weight);
  mx::eval(weight, scales);
  const float* first = scales.data<float>();
  const BlockScales of{{first, first + scales.size()}, high, wide};
  return {bfloat16_of_e4m3(weight, rows, columns, of,
                           [this](int items, const auto& work) { backend_->share(items, work); }),
          {},
          {},
          0,
          0};
}

StoredMatrix StoredTensors::modelopt(const std::string& path, int rows, int columns) {
  constexpr Quantization kFormat{16, 4, QuantizationMode::kNvfp4};
  expect_whole_groups(path, columns, kFormat.group_size);
  std::optional<StoredMatrix::Places> places;
  if (backend_->packs() && checkpoint_.has(path + ".weight")) {
    places = {checkpoint_.place(path + ".weight"), checkpoint_.place(path + ".weight_scale"), {}};
  }
  mx::array weight = checkpoint_.take(path + ".weight", {{mx::uint8}, {{rows, columns / 2}}, "U8"});
  mx::array scales = checkpoint_.take(
      path + ".weight_scale", {{mx::uint8}, {{rows, columns / kFormat.group_size}}, "F8_E4M3"});
  expect_e4m3_numbers(path + ".weight_scale", scales);
  mx::array factor = checkpoint_.take(path + ".weight_scale_2", {{mx::float32}, {{}, {1}}});
  expect_factors_in_range(path + ".weight_scale_2", factor);
  return {mx::view(weight, mx::uint32),
          std::move(scales),
          {},
          kFormat.group_size,
          kFormat.bits,
          std::move(places),
          kFormat.mode,
          mx::reshape(factor, {1})};
}

void StoredTensors::drop(const std::string& path) {
  checkpoint_.drop(path + ".weight");
  for (const char* const part : kBeside) checkpoint_.drop(path + part);
  for (const char* const part : kUnused) checkpoint_.drop(path + part);
}

StoredMatrix rows_of(const StoredMatrix& whole, int first, int last) {
  const auto rows = [&](const mx::array& of) {
    return mx::slice(of, {first, 0}, {last, of.shape(1)});
  };
  StoredMatrix out = whole;
  out.weight = rows(whole.weight);
  if (whole.scales) out.scales = rows(*whole.scales);
  if (whole.biases) out.biases = rows(*whole.biases);
  if (!whole.places) return out;
  const auto move = [&](WeightPlace& place, const mx::array& of) {
    place.begin +=
        static_cast<std::size_t>(first) * static_cast<std::size_t>(of.shape(1)) * of.itemsize();
  };
  move(out.places->weight, whole.weight);
  move(out.places->scales, *whole.scales);
  if (whole.biases) move(out.places->biases, *whole.biases);
  return out;
}

}  // namespace sanctum::nn
