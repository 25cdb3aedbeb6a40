#include "models/mixture.h"

#include <mlx/ops.h>

#include "base/json.h"
#include "models/decoder_config.h"

namespace sanctum::models {
namespace {

constexpr std::int64_t kExpertsMax = 4096;  // of a layer

}  // namespace

MixtureConfig read_mixture(const json::Node& c, const char* experts, const char* inner,
                           const char* chosen) {
  MixtureConfig out{};
  out.experts = static_cast<int>(c.at(experts).as_int(1, kExpertsMax));
  out.inner = static_cast<int>(c.at(inner).as_int(1, kWidthMax));
  out.routing.chosen = static_cast<int>(c.at(chosen).as_int(1, out.experts));
  return out;
}

std::vector<bool> read_mixing_layers(const json::Node& c, int layers) {
  const std::int64_t step =
      c.has("decoder_sparse_step") ? c.at("decoder_sparse_step").as_int(1, kWidthMax) : 1;
  std::vector<bool> out;
  for (int i = 1; i <= layers; ++i) out.push_back(i % step == 0);
  if (const auto listed = c.get("mlp_only_layers"))
    for (const json::Node& layer : listed->as_array(out.size()))
      out[static_cast<std::size_t>(layer.as_int(0, layers - 1))] = false;
  return out;
}

Mixture::Mixture(nn::Weights& w, const std::string& path, const MixtureConfig& c, int width)
    : gate_(w.linear(path + "." + c.router, width, c.experts, c.biases)),
      experts_(
          w.experts(path, {width, c.inner, c.experts, c.biases, c.together}, c.act, c.routing)) {
  if (c.shared_inner == 0) return;
  shared_expert_ =
      w.gated_mlp(path + ".shared_expert", nn::Activation::kSilu, width, c.shared_inner, false);
  shared_expert_gate_ = w.linear(path + ".shared_expert_gate", width, 1, false);
}

mx::array Mixture::operator()(const mx::array& x) const {
  mx::array mixed = (*experts_)(x, gate_(x));
  if (!shared_expert_) return mixed;
  const mx::array by = mx::sigmoid((*shared_expert_gate_)(x));
  return mx::add(mixed, mx::multiply((*shared_expert_)(x), by));
}

}  // namespace sanctum::models
