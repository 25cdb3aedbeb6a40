#include "nn/weights.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <numeric>
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

StoredMatrix Weights::stored_matrix(const std::string& path, const mx::Shape& rows, int columns) {
  const auto shape = [&rows](int width) {
    mx::Shape out = rows;
    out.push_back(width);
    return out;
  };
  const auto flat = [&rows](const mx::array& of) {
    return rows.size() == 1 ? of : mx::flatten(of, 0, -2);
  };
  const auto quantization = quantization_of(path);
  if (!quantization) return {flat(take_floats(path + ".weight", {shape(columns)})), {}, {}, 0, 0};
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
      checkpoint_.take(path + ".weight", {{mx::uint32}, {shape(columns * bits / 32)}});
  const mx::Shape groups = shape(columns / group_size);
  mx::array scales = take_floats(path + ".scales", {groups});
  // Kernels read both by the scales' type.
  mx::array biases = checkpoint_.take(path + ".biases", {{scales.dtype()}, {groups}});
  return {flat(weight), flat(scales), flat(biases), group_size, bits, std::move(places)};
}

StoredMatrix Weights::kept(StoredMatrix stored) {
  if (!backend_->packs()) {
    stored.weight = keep(stored.weight);
    if (stored.scales) stored.scales = keep(*stored.scales);
    if (stored.biases) stored.biases = keep(*stored.biases);
  } else {
    read_bytes_ += stored.weight.nbytes();
    if (stored.scales) read_bytes_ += stored.scales->nbytes() + stored.biases->nbytes();
  }
  return stored;
}

std::shared_ptr<const Matrix> Weights::matrix(StoredMatrix stored) {
  auto made = backend_->matrix(kept(std::move(stored)));
  if (backend_->packs() && read_) read_(read_bytes_);
  return made;
}

StoredMatrix Weights::stored_experts(const std::string& path, const std::string& name, int experts,
                                     int rows, int columns) {
  const std::string first = path + ".experts.0." + name;
  if (!checkpoint_.has(first + ".weight"))
    return kept(stored_matrix(path + ".switch_mlp." + name, {experts, rows}, columns));
  std::vector<mx::array> weights, scales, biases;
  StoredMatrix out = stored_matrix(first, {rows}, columns);
  for (int e = 0; e < experts; ++e) {
    if (e > 0) {
      const std::string one = path + ".experts." + std::to_string(e) + "." + name;
      const StoredMatrix next = stored_matrix(one, {rows}, columns);
      if (next.bits != out.bits || next.group_size != out.group_size)
        throw Error(ErrorCode::kCorrupt, one + " is quantized differently from expert 0", "path");
      out.weight = next.weight, out.scales = next.scales, out.biases = next.biases;
    }
    weights.push_back(out.weight);
    if (out.scales) scales.push_back(*out.scales), biases.push_back(*out.biases);
  }
  out.places.reset();
  out.weight = mx::concatenate(weights, 0);
  if (out.scales) out.scales = mx::concatenate(scales, 0), out.biases = mx::concatenate(biases, 0);
  return kept(std::move(out));
}

std::shared_ptr<const Experts> Weights::experts(const std::string& path, int width, int inner,
                                                int count, Activation act, const Routing& routing) {
  auto made = backend_->experts({stored_experts(path, "gate_proj", count, inner, width),
                                 stored_experts(path, "up_proj", count, inner, width),
                                 stored_experts(path, "down_proj", count, width, inner), count, act,
                                 routing});
  if (backend_->packs() && read_) read_(read_bytes_);
  return made;
}

Linear Weights::linear(const std::string& path, int in, int out, bool bias) {
  auto m = matrix(stored_matrix(path, {out}, in));
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

namespace {

// Rows [first, last) of a matrix, lying where the whole does.
StoredMatrix rows_of(const StoredMatrix& whole, int first, int last) {
  const auto rows = [&](const mx::array& of) {
    return mx::slice(of, {first, 0}, {last, of.shape(1)});
  };
  StoredMatrix out{rows(whole.weight), {}, {}, whole.group_size, whole.bits};
  if (!whole.scales) return out;
  out.scales = rows(*whole.scales);
  out.biases = rows(*whole.biases);
  if (!whole.places) return out;
  const auto behind = [&](const WeightPlace& place, const mx::array& of) {
    const std::size_t row_bytes = static_cast<std::size_t>(of.shape(1)) * of.itemsize();
    return WeightPlace{place.file, place.begin + static_cast<std::size_t>(first) * row_bytes};
  };
  out.places = {behind(whole.places->weight, whole.weight),
                behind(whole.places->scales, *whole.scales),
                behind(whole.places->biases, *whole.biases)};
  return out;
}

}  // namespace

LinearGroup Weights::split_linears(const std::string& path, const std::vector<int>& outs, int in) {
  const StoredMatrix whole =
      stored_matrix(path, {std::accumulate(outs.begin(), outs.end(), 0)}, in);
  std::vector<Linear> layers;
  int first = 0;
  for (const int out : outs) {
    layers.emplace_back(matrix(rows_of(whole, first, first + out)), std::nullopt);
    first += out;
  }
  return {backend_, std::move(layers)};
}

Embedding Weights::embedding(const std::string& path, int count, int width) {
  return Embedding(matrix(stored_matrix(path, {count}, width)));
}

RmsNorm Weights::rms_norm(const std::string& path, int width, float eps) {
  return {backend_, tensor(path + ".weight", {width}), eps};
}

LayerNorm Weights::layer_norm(const std::string& path, int width, float eps) {
  mx::array weight = tensor(path + ".weight", {width});
  return {backend_, std::move(weight), tensor(path + ".bias", {width}), eps};
}

Rope Weights::rope(RopeFrequencies frequencies, std::vector<int> axes) {
  return {backend_, std::move(frequencies), std::move(axes)};
}

}  // namespace sanctum::nn
