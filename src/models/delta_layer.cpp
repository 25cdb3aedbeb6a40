#include "models/delta_layer.h"

#include <mlx/ops.h>

namespace sanctum::models {
namespace {

nn::LinearGroup projections(nn::Weights& w, const std::string& path, const DeltaConfig& c,
                            int width) {
  const nn::DeltaShape& s = c.shape;
  if (c.interleaved)
    return w.linears(
        path, {{"in_proj_qkvz", s.channels() + s.value_dim()}, {"in_proj_ba", 2 * s.value_heads}},
        width, false);
  return w.linears(path,
                   {{"in_proj_qkv", s.channels()},
                    {"in_proj_z", s.value_dim()},
                    {"in_proj_b", s.value_heads},
                    {"in_proj_a", s.value_heads}},
                   width, false);
}

nn::DeltaWeights stored(nn::Weights& w, const std::string& path, const nn::DeltaShape& s) {
  const int channels = s.channels(), heads = s.value_heads;
  return nn::delta_weights(
      w.exact(path + ".conv1d.weight", {{channels, s.taps, 1}, {channels, 1, s.taps}}),
      w.exact(path + ".A_log", {{heads}}), w.exact(path + ".dt_bias", {{heads}}));
}

}  // namespace

DeltaLayer::DeltaLayer(nn::Weights& w, const std::string& path, const DeltaConfig& c, int width,
                       float eps)
    : shape_(c.shape),
      interleaved_(c.interleaved),
      in_proj_(projections(w, path, c, width)),
      delta_(w.gated_delta(c.shape, stored(w, path, c.shape))),
      norm_(w.rms_norm(path + ".norm", c.shape.value_size, eps)),
      gate_(w.gate(nn::Activation::kSilu)),
      out_proj_(w.linear(path + ".out_proj", c.shape.value_dim(), width, false)) {}

// transformers' fix_query_key_value_ordering.
DeltaLayer::Projected DeltaLayer::projected(const mx::array& x) const {
  const std::vector<mx::array> of = in_proj_(x);
  if (!interleaved_) return {of[0], of[1], of[2], of[3]};
  const int rows = x.shape(0), heads = shape_.key_heads, size = shape_.key_size;
  const int shared = shape_.value_heads / heads, values = shared * shape_.value_size;
  const auto flat = [rows](const mx::array& y) { return mx::reshape(y, {rows, -1}); };
  const auto parts = mx::split(mx::reshape(of[0], {rows, heads, -1}),
                               mx::Shape{size, 2 * size, 2 * size + values}, -1);
  const auto ba = mx::split(mx::reshape(of[1], {rows, heads, -1}), mx::Shape{shared}, -1);
  return {mx::concatenate({flat(parts[0]), flat(parts[1]), flat(parts[2])}, -1), flat(parts[3]),
          flat(ba[0]), flat(ba[1])};
}

mx::array DeltaLayer::mix(const mx::array& x, const std::vector<nn::Slice>& slices,
                          int memory) const {
  const Projected of = projected(x);
  const mx::array out = delta_(of.qkv, of.a, of.b, slices, memory);
  const mx::array normed = mx::reshape(norm_(out), {x.shape(0), shape_.value_dim()});
  return mx::astype(gate_(mx::astype(of.z, normed.dtype()), normed), x.dtype());
}

}  // namespace sanctum::models
