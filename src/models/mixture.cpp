#include "models/mixture.h"

#include "base/json.h"
#include "models/decoder_config.h"

namespace sanctum::models {
namespace {

constexpr std::int64_t kExpertsMax = 4096;  // of a layer

}  // namespace

MixtureConfig read_mixture(const json::Node& c, const char* experts, const char* inner) {
  MixtureConfig out{};
  out.experts = static_cast<int>(c.at(experts).as_int(1, kExpertsMax));
  out.inner = static_cast<int>(c.at(inner).as_int(1, kWidthMax));
  out.routing.chosen = static_cast<int>(c.at("num_experts_per_tok").as_int(1, out.experts));
  return out;
}

Mixture::Mixture(nn::Weights& w, const std::string& path, const MixtureConfig& c, int width)
    : gate_(w.linear(path + ".gate", width, c.experts, false)),
      experts_(w.experts(path, width, c.inner, c.experts, nn::Activation::kSilu, c.routing)) {}

}  // namespace sanctum::models
