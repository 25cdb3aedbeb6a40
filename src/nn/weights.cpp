#include "nn/weights.h"

#include <mlx/ops.h>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::nn {
namespace {

Quantization read_one(const json::Node& node, Quantization fallback) {
  Quantization q = fallback;
  q.group_size = static_cast<int>(node.as_int_or("group_size", q.group_size));
  q.bits = static_cast<int>(node.as_int_or("bits", q.bits));
  if (const std::string mode = node.as_string_or("mode", "affine"); mode != "affine") {
    node.at("mode").fail("'" + mode + "' is not supported; only affine is");
  }
  if (q.bits != 4 && q.bits != 8)
    node.fail("has " + std::to_string(q.bits) + " bits; only 4 and 8 are supported");
  if (q.group_size != 32 && q.group_size != 64 && q.group_size != 128) {
    node.fail("has group_size " + std::to_string(q.group_size) +
              "; only 32, 64 and 128 are supported");
  }
  return q;
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

mx::array Weights::keep(mx::array array) {
  if (mx::issubdtype(array.dtype(), mx::floating) && array.dtype() != compute_) {
    array = mx::astype(array, compute_);
  }
  arrays_.push_back(array);
  return array;
}

mx::array Weights::tensor(const std::string& name, const mx::Shape& shape) {
  return keep(checkpoint_.take(name, shape));
}

Matrix Weights::matrix(const std::string& path, int rows, int columns) {
  const auto quantization = quantization_of(path);
  if (!quantization) return Matrix{tensor(path + ".weight", {rows, columns}), {}, {}, 0, 0};
  const auto [group_size, bits] = *quantization;
  if (columns % group_size != 0) {
    throw Error(ErrorCode::kCorrupt,
                path + " has " + std::to_string(columns) +
                    " columns, no multiple of its group size " + std::to_string(group_size),
                "path");
  }
  mx::array weight = checkpoint_.take(path + ".weight", {rows, columns * bits / 32});
  if (weight.dtype() != mx::uint32) {
    throw Error(ErrorCode::kCorrupt,
                "tensor " + path + ".weight is quantized but not of dtype uint32", "path");
  }
  arrays_.push_back(weight);
  const mx::Shape groups{rows, columns / group_size};
  return Matrix{weight, tensor(path + ".scales", groups), tensor(path + ".biases", groups),
                group_size, bits};
}

Linear Weights::linear(const std::string& path, int in, int out, bool bias) {
  Matrix m = matrix(path, out, in);
  if (!bias) return Linear(std::move(m), std::nullopt);
  return Linear(std::move(m), tensor(path + ".bias", {out}));
}

SwiGlu Weights::swiglu(const std::string& path, int width, int inner, bool bias) {
  Linear gate = linear(path + ".gate_proj", width, inner, bias);
  Linear up = linear(path + ".up_proj", width, inner, bias);
  return SwiGlu(std::move(gate), std::move(up), linear(path + ".down_proj", inner, width, bias));
}

Embedding Weights::embedding(const std::string& path, int count, int width) {
  return Embedding(matrix(path, count, width), compute_);
}

RmsNorm Weights::rms_norm(const std::string& path, int width, float eps) {
  return RmsNorm(tensor(path + ".weight", {width}), eps);
}

LayerNorm Weights::layer_norm(const std::string& path, int width, float eps) {
  mx::array weight = tensor(path + ".weight", {width});
  return LayerNorm(std::move(weight), tensor(path + ".bias", {width}), eps);
}

}  // namespace sanctum::nn
