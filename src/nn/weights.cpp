#include "nn/weights.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <utility>

#include "base/error.h"
#include "base/invariant.h"
#include "base/json.h"

namespace sanctum::nn {
namespace {

constexpr std::uint64_t kPendingBytesMax = 64u << 20;  // read at once, between two reports

Quantization read_one(const json::Node& node, Quantization fallback) {
  const std::int64_t group_size = node.as_int_or("group_size", fallback.group_size);
  const std::int64_t bits = node.as_int_or("bits", fallback.bits);
  if (const std::string mode = node.as_string_or("mode", "affine"); mode != "affine") {
    node.at("mode").fail("'" + mode + "' is not supported; only affine is");
  }
  if (bits != 4 && bits != 8)
    node.fail("has " + std::to_string(bits) + " bits; only 4 and 8 are supported");
  if (group_size != 32 && group_size != 64 && group_size != 128) {
    node.fail("has group_size " + std::to_string(group_size) +
              "; only 32, 64 and 128 are supported");
  }
  return {static_cast<int>(group_size), static_cast<int>(bits)};
}

}  // namespace

std::string QuantizationConfig::describe() const {
  if (!all) return "none";
  return std::to_string(all->bits) + "-bit group " + std::to_string(all->group_size);
}

QuantizationConfig read_quantization(const json::Node& config) {
  QuantizationConfig out;
  auto node = config.get("quantization");
  if (!node) {
    node = config.get("quantization_config");
    // Other toolkits use this key for formats of their own.
    if (node && node->has("quant_method")) {
      node->fail(
          "names the method '" + node->at("quant_method").as_string() +
          "', which is not MLX's affine quantization: convert the model with mlx_lm.convert -q");
    }
  }
  if (!node) return out;
  out.all = read_one(*node, {});
  for (const auto& [key, value] : node->members()) {
    if (value.is_object()) {
      out.overrides[key] = read_one(value, *out.all);
    } else if (value.is_bool()) {
      out.overrides[key] = value.as_bool() ? out.all : std::nullopt;
    }
  }
  return out;
}

std::optional<Quantization> Weights::quantization_of(const std::string& path) const {
  if (!quantization_.all) return std::nullopt;
  if (const auto found = quantization_.overrides.find(path);
      found != quantization_.overrides.end()) {
    return found->second;
  }
  return checkpoint_.has(path + ".scales") ? quantization_.all : std::nullopt;
}

Weights::Weights(Checkpoint& checkpoint, QuantizationConfig quantization, BackendPointer backend,
                 Read read)
    : checkpoint_(checkpoint),
      quantization_(std::move(quantization)),
      backend_(std::move(backend)),
      read_(std::move(read)) {}

Weights Weights::unread(Checkpoint& checkpoint, QuantizationConfig quantization,
                        BackendPointer backend) {
  SANCTUM_INVARIANT(!backend->packs(), "who packs reads");
  Weights weights(checkpoint, std::move(quantization), std::move(backend));
  weights.reads_ = false;
  return weights;
}

mx::array Weights::take_floats(const std::string& name, const std::vector<mx::Shape>& shapes) {
  mx::array array = checkpoint_.take(name, {floating_types(), shapes});
  if (!stored_type_) {
    stored_type_ = array.dtype() == mx::bfloat16  ? kernels::kBfloat16
                   : array.dtype() == mx::float16 ? kernels::kFloat16
                                                  : kernels::kFloat32;
  }
  return array;
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
  if (reads_) mx::eval(pending_);
  pending_.clear();
  read_bytes_ += std::exchange(pending_bytes_, 0);
  if (read_) read_(read_bytes_);
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
  return keep(take_floats(name, shapes));
}

StoredMatrix Weights::stored_matrix(const std::string& path, int rows, int columns) {
  const auto quantization = quantization_of(path);
  if (!quantization) return {take_floats(path + ".weight", {{rows, columns}}), {}, {}, 0, 0};
  const auto [group_size, bits] = *quantization;
  if (columns % group_size != 0) {
    throw Error(ErrorCode::kCorrupt,
                path + " has " + std::to_string(columns) +
                    " columns, no multiple of its group size " + std::to_string(group_size),
                "path");
  }
  std::optional<StoredMatrix::Places> places;
  if (backend_->packs() && checkpoint_.has(path + ".weight") && checkpoint_.has(path + ".scales") &&
      checkpoint_.has(path + ".biases")) {
    places = {checkpoint_.place(path + ".weight"), checkpoint_.place(path + ".scales"),
              checkpoint_.place(path + ".biases")};
  }
  mx::array weight =
      checkpoint_.take(path + ".weight", {{mx::uint32}, {{rows, columns * bits / 32}}});
  const mx::Shape groups{rows, columns / group_size};
  mx::array scales = take_floats(path + ".scales", {groups});
  // Kernels read both by the scales' type.
  mx::array biases = checkpoint_.take(path + ".biases", {{scales.dtype()}, {groups}});
  return {std::move(weight), std::move(scales), std::move(biases), group_size, bits,
          std::move(places)};
}

std::shared_ptr<const Matrix> Weights::matrix(const std::string& path, int rows, int columns) {
  StoredMatrix stored = stored_matrix(path, rows, columns);
  if (!backend_->packs()) {
    stored.weight = keep(stored.weight);
    if (stored.scales) stored.scales = keep(*stored.scales);
    if (stored.biases) stored.biases = keep(*stored.biases);
    return backend_->matrix(std::move(stored));
  }
  read_bytes_ += stored.weight.nbytes();
  if (stored.scales) read_bytes_ += stored.scales->nbytes() + stored.biases->nbytes();
  auto made = backend_->matrix(std::move(stored));
  if (read_) read_(read_bytes_);
  return made;
}

Linear Weights::linear(const std::string& path, int in, int out, bool bias) {
  auto m = matrix(path, out, in);
  if (!bias) return Linear(std::move(m), std::nullopt);
  return Linear(std::move(m), tensor(path + ".bias", {out}));
}

Linear Weights::linear(mx::array weight, mx::array bias) {
  return {backend_->matrix({std::move(weight), {}, {}, 0, 0}), std::move(bias)};
}

GatedMlp Weights::gated_mlp(const std::string& path, Activation act, int width, int inner,
                            bool bias) {
  LinearGroup gate_and_up = linears(path, {{"gate_proj", inner}, {"up_proj", inner}}, width, bias);
  return {backend_, act, std::move(gate_and_up), linear(path + ".down_proj", inner, width, bias)};
}

LinearGroup Weights::linears(const std::string& path, const std::vector<Named>& layers, int in,
                             bool bias) {
  std::vector<Linear> out;
  out.reserve(layers.size());
  for (const auto& [name, features] : layers)
    out.push_back(linear(path + "." + name, in, features, bias));
  return {backend_, std::move(out)};
}

Embedding Weights::embedding(const std::string& path, int count, int width) {
  return Embedding(matrix(path, count, width));
}

RmsNorm Weights::rms_norm(const std::string& path, int width, float eps) {
  return {backend_, tensor(path + ".weight", {width}), eps};
}

LayerNorm Weights::layer_norm(const std::string& path, int width, float eps) {
  mx::array weight = tensor(path + ".weight", {width});
  return {backend_, std::move(weight), tensor(path + ".bias", {width}), eps};
}

Rope Weights::rope(std::vector<float> inverse_frequencies, std::vector<int> axes) {
  return {backend_, std::move(inverse_frequencies), std::move(axes)};
}

}  // namespace sanctum::nn
