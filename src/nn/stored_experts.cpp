// The matrices of a layer's experts, in each of the forms that mlx_lm, transformers and the models'
// makers store them in.
#include <mlx/ops.h>

#include <utility>
#include <vector>

#include "nn/stored_tensors.h"

namespace sanctum::nn {
namespace {

constexpr int kBlockBytes = 16;
constexpr int kWordNumbers = 8;

// Which of an expert's outputs.
struct Outputs {
  int first, last, step;
};
struct GateAndUp {
  Outputs gate, up;
};
GateAndUp lying(const ExpertSizes& s) {
  const int inner = s.inner, both = 2 * s.inner;
  if (s.together == GateUp::kByTurns) return {{0, both, 2}, {1, both, 2}};
  return {{0, inner, 1}, {inner, both, 1}};
}

// Of [experts, outputs, ...].
mx::array taken(const mx::array& of, const Outputs& o) {
  mx::Shape from(of.ndim(), 0), to = of.shape(), steps(of.ndim(), 1);
  from[1] = o.first, to[1] = o.last, steps[1] = o.step;
  return mx::contiguous(mx::slice(of, from, to, steps));
}

// [experts, outputs, columns] -> [experts * outputs, columns].
mx::array one_after_another(const mx::array& of) {
  return mx::contiguous(mx::flatten(of, 0, 1));
}

StoredMatrix plain(const mx::array& weight) {
  return {one_after_another(weight), {}, {}, 0, 0};
}

StoredMatrix in_blocks(const mx::array& words, const mx::array& scales) {
  return {one_after_another(words),
          one_after_another(scales),
          {},
          kMxfp4.group_size,
          kMxfp4.bits,
          std::nullopt,
          kMxfp4.mode};
}

}  // namespace

ExpertTensors StoredTensors::experts(const std::string& path, const ExpertSizes& s) {
  const std::string inside = path + ".experts.", stacked = path + ".switch_mlp.";
  ExpertTensors out = checkpoint_.has(inside + "gate_up_proj_blocks") ? blocks(inside, s)
                      : checkpoint_.has(inside + "gate_up_proj")      ? together(inside, s)
                                                                      : apart(path, s);
  if (!s.biases) return out;
  if (checkpoint_.has(inside + "gate_up_proj_bias")) {
    const mx::array both = floats(inside + "gate_up_proj_bias", {{s.count, 2 * s.inner}});
    const GateAndUp at = lying(s);
    out.gate_bias = taken(both, at.gate);
    out.up_bias = taken(both, at.up);
    out.down_bias = floats(inside + "down_proj_bias", {{s.count, s.width}});
    return out;
  }
  out.gate_bias = floats(stacked + "gate_proj.bias", {{s.count, s.inner}});
  out.up_bias = floats(stacked + "up_proj.bias", {{s.count, s.inner}});
  out.down_bias = floats(stacked + "down_proj.bias", {{s.count, s.width}});
  return out;
}

ExpertTensors StoredTensors::apart(const std::string& path, const ExpertSizes& s) {
  const auto each = [&](const char* name, int rows, int columns) {
    return checkpoint_.has(path + ".experts.0." + name + ".weight")
               ? one_by_one(path, name, s.count, rows, columns)
               : matrix(path + ".switch_mlp." + name, {s.count, rows}, columns);
  };
  return {each("gate_proj", s.inner, s.width), each("up_proj", s.inner, s.width),
          each("down_proj", s.width, s.inner)};
}

StoredMatrix StoredTensors::one_by_one(const std::string& path, const std::string& name,
                                       int experts, int rows, int columns) {
  std::vector<mx::array> weights, scales, biases, factors;
  std::optional<StoredMatrix> first;
  for (int e = 0; e < experts; ++e) {
    const std::string one = path + ".experts." + std::to_string(e) + "." + name;
    const StoredMatrix next = matrix(one, {rows}, columns);
    if (!first) first = next;
    if (next.bits != first->bits || next.group_size != first->group_size ||
        next.mode != first->mode || next.factors.has_value() != first->factors.has_value())
      corrupt(one + " is quantized differently from expert 0");
    weights.push_back(next.weight);
    if (next.scales) scales.push_back(*next.scales);
    if (next.biases) biases.push_back(*next.biases);
    if (next.factors) factors.push_back(*next.factors);
  }
  StoredMatrix out = std::move(*first);
  out.places.reset();
  out.weight = mx::concatenate(weights, 0);
  if (out.scales) out.scales = mx::concatenate(scales, 0);
  if (out.biases) out.biases = mx::concatenate(biases, 0);
  if (out.factors) out.factors = mx::concatenate(factors, 0);
  return out;
}

ExpertTensors StoredTensors::together(const std::string& inside, const ExpertSizes& s) {
  const bool transposed = s.together == GateUp::kByTurns;
  const auto take = [&](const char* name, int rows, int columns) {
    if (!transposed) return floats(inside + name, {{s.count, rows, columns}});
    return mx::swapaxes(floats(inside + name, {{s.count, columns, rows}}), 1, 2);
  };
  const mx::array both = take("gate_up_proj", 2 * s.inner, s.width);
  const GateAndUp at = lying(s);
  return {plain(taken(both, at.gate)), plain(taken(both, at.up)),
          plain(take("down_proj", s.width, s.inner))};
}

ExpertTensors StoredTensors::blocks(const std::string& inside, const ExpertSizes& s) {
  struct Stored {
    mx::array words, scales;
  };
  const auto take = [&](const std::string& name, int rows, int columns) {
    expect_whole_groups(inside + name, columns, kMxfp4.group_size);
    const int groups = columns / kMxfp4.group_size;
    const mx::array bytes = checkpoint_.take(
        inside + name + "_blocks", {{mx::uint8}, {{s.count, rows, groups, kBlockBytes}}, "U8"});
    const mx::array scales =
        checkpoint_.take(inside + name + "_scales", {{mx::uint8}, {{s.count, rows, groups}}, "U8"});
    expect_scales_in_range(inside + name + "_scales", scales);
    return Stored{mx::reshape(mx::view(bytes, mx::uint32), {s.count, rows, columns / kWordNumbers}),
                  scales};
  };
  const Stored both = take("gate_up_proj", 2 * s.inner, s.width);
  const Stored down = take("down_proj", s.width, s.inner);
  const GateAndUp at = lying(s);
  return {in_blocks(taken(both.words, at.gate), taken(both.scales, at.gate)),
          in_blocks(taken(both.words, at.up), taken(both.scales, at.up)),
          in_blocks(down.words, down.scales)};
}

}  // namespace sanctum::nn
