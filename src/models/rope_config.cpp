#include "models/rope_config.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "base/json.h"

namespace sanctum::models {
namespace {

constexpr double kTokensMax = 1 << 24;
constexpr double kFactorMin = 1e-3;

struct Case {
  const json::Node& config;
  const json::Node& scaling;
  double theta;
  int head_size, rotated;

  double positive(std::string_view key, double fallback) const {
    const auto node = scaling.get(key);
    return node ? node->as_double(kFactorMin) : fallback;
  }
  double factor() const { return scaling.at("factor").as_double(kFactorMin); }
  double context() const { return config.at("max_position_embeddings").as_double(1, kTokensMax); }
  // What it was trained with before it was stretched; as transformers looks for it.
  double original_context() const {
    for (const json::Node& node : {scaling, config})
      if (const auto found = node.get("original_max_position_embeddings"))
        return found->as_double(2, kTokensMax);
    return context();
  }
};

nn::RopeFrequencies rounded(const std::vector<double>& of_pairs, double magnitude = 1) {
  return {{of_pairs.begin(), of_pairs.end()}, static_cast<float>(magnitude)};
}

// Also "dynamic", which differs from it only behind max_position_embeddings, where nobody comes;
// and "mrope", whose pairs turn as these do, by other places.
RopeConfig plain(const Case& c) {
  return {.frequencies = rounded(nn::plain_frequencies(c.rotated, c.theta))};
}

RopeConfig linear(const Case& c) {
  std::vector<double> out = nn::plain_frequencies(c.rotated, c.theta);
  for (double& frequency : out) frequency /= c.factor();
  return {.frequencies = rounded(out)};
}

// Llama 3.1's long-context scaling (llama-models, `apply_scaling`): long wavelengths are stretched
// by `factor`, short ones kept, the band between is blended.
RopeConfig llama3(const Case& c) {
  const double factor = c.factor();
  const double low = c.positive("low_freq_factor", 1), high = c.positive("high_freq_factor", 4);
  const double context = c.positive("original_max_position_embeddings", 8192);
  if (high <= low) c.scaling.at("high_freq_factor").fail("must be over low_freq_factor");
  std::vector<double> out = nn::plain_frequencies(c.rotated, c.theta);
  for (double& frequency : out) {
    const double wavelength = 2 * std::numbers::pi / frequency;
    if (wavelength < context / high) continue;
    const double smooth = (context / wavelength - low) / (high - low);
    frequency = wavelength > context / low ? frequency / factor
                                           : (1 - smooth) * frequency / factor + smooth * frequency;
  }
  return {.frequencies = rounded(out)};
}

double yarn_magnitude(double factor, double weight) {
  return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1;
}

// YaRN (Peng et al., 2023): pairs that turn often within the original context are kept, those that
// turn rarely are stretched, a ramp over the pairs between them. Its bounds as transformers rounds
// them.
RopeConfig yarn(const Case& c) {
  const double original = c.original_context();
  const double factor = c.scaling.has("factor") ? c.factor() : c.context() / original;
  const auto pair_of = [&](double turns) {
    return c.rotated * std::log(original / (turns * 2 * std::numbers::pi)) /
           (2 * std::log(c.theta));
  };
  double low = pair_of(c.positive("beta_fast", 32)), high = pair_of(c.positive("beta_slow", 1));
  if (c.scaling.as_bool_or("truncate", true)) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0), high = std::min(high, c.rotated - 1.0);
  if (low == high) high += 0.001;

  std::vector<double> out = nn::plain_frequencies(c.rotated, c.theta);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double stretched = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    out[i] = out[i] / factor * stretched + out[i] * (1 - stretched);
  }
  double magnitude = yarn_magnitude(factor, 1);
  const double all = c.scaling.as_double_or("mscale_all_dim", 0);
  if (const double own = c.scaling.as_double_or("mscale", 0); own != 0 && all != 0)
    magnitude = yarn_magnitude(factor, own) / yarn_magnitude(factor, all);
  return {.frequencies = rounded(out, c.positive("attention_factor", magnitude))};
}

std::vector<double> divided(std::vector<double> frequencies, const json::Node& factors) {
  const auto listed = factors.as_array(frequencies.size());
  if (listed.size() != frequencies.size())
    factors.fail("must have a number for each of " + std::to_string(frequencies.size()) + " pairs");
  for (std::size_t i = 0; i < listed.size(); ++i) frequencies[i] /= listed[i].as_double(kFactorMin);
  return frequencies;
}

// LongRoPE (Ding et al., 2024).
RopeConfig longrope(const Case& c) {
  const double original = c.original_context();
  const double factor = c.positive("factor", c.context() / original);
  const double magnitude = c.positive(
      "attention_factor", factor <= 1 ? 1 : std::sqrt(1 + std::log(factor) / std::log(original)));
  const std::vector<double> whole = nn::plain_frequencies(c.rotated, c.theta);
  return {.frequencies = rounded(divided(whole, c.scaling.at("short_factor")), magnitude),
          .short_tokens = static_cast<int>(original),
          .beyond = rounded(divided(whole, c.scaling.at("long_factor")), magnitude)};
}

// Gemma 4: the first pairs turn as if all did, the others not at all.
RopeConfig proportional(const Case& c) {
  std::vector<double> out = nn::plain_frequencies(c.head_size, c.theta);
  for (double& frequency : out) frequency /= c.positive("factor", 1);
  std::fill(out.begin() + c.rotated / 2, out.end(), 0);
  return {.frequencies = rounded(out)};
}

struct Kind {
  std::string_view name;
  RopeConfig (*read)(const Case&);
};
constexpr Kind kKinds[] = {
    {"default", plain},
    {"mrope", plain},
    {"dynamic", plain},
    {"linear", linear},
    {"llama3", llama3},
    {"yarn", yarn},
    {"longrope", longrope},
    {"su", longrope},  // its first name
    {"proportional", proportional},
};

// What a rope type is called now.
std::string now_called(const std::string& name) {
  return name == "mrope" ? "default" : name == "su" ? "longrope" : name;
}

// transformers 5 writes rope_type, others before it type.
std::string kind_of(const json::Node& scaling) {
  const std::string old_name = scaling.as_string_or("type", "default");
  const std::string kind = scaling.as_string_or("rope_type", old_name);
  if (scaling.has("type") && now_called(kind) != now_called(old_name))
    scaling.at("type").fail("is '" + old_name + "', but rope_type is '" + kind + "'");
  return kind;
}

double theta_of(const json::Node& config, const json::Node& scaling,
                std::optional<double> default_theta) {
  if (scaling.has("rope_theta")) return scaling.at("rope_theta").as_double(1);
  if (const auto theta = config.get("rope_theta")) return theta->as_double(1);
  // Beside a rope_scaling of an older form.
  if (const auto other = config.get("rope_parameters"); other && other->has("rope_theta"))
    return other->at("rope_theta").as_double(1);
  if (default_theta) return *default_theta;
  return config.at("rope_theta").as_double(1);
}

int rotated_of(const json::Node& config, const json::Node& scaling, int head_size, double usual) {
  for (const json::Node& node : {scaling, config}) {
    const auto part = node.get("partial_rotary_factor");
    if (!part) continue;
    const int rotated = static_cast<int>(part->as_double(0, 1) * head_size);
    if (rotated < 2 || rotated % 2 != 0)
      part->fail("rotates " + std::to_string(rotated) + " of " + std::to_string(head_size) +
                 " features; an even number is needed");
    return rotated;
  }
  return static_cast<int>(usual * head_size) / 2 * 2;
}

}  // namespace

std::optional<json::Node> rope_members(const json::Node& config) {
  const auto scaling = config.get("rope_scaling");
  const bool says = scaling && !(scaling->is_object() && scaling->members().empty());
  return says ? scaling : config.get("rope_parameters");
}

RopeConfig read_rope(const json::Node& config, int head_size, std::optional<double> default_theta,
                     double default_part) {
  const json::Document none("{}");
  return read_rope(config, rope_members(config).value_or(none.root()), head_size, default_theta,
                   default_part);
}

RopeConfig read_rope(const json::Node& config, const json::Node& scaling, int head_size,
                     std::optional<double> default_theta, double default_part) {
  const std::string kind = kind_of(scaling);
  std::string known;
  for (const Kind& one : kKinds) {
    if (one.name == kind)
      return one.read({config, scaling, theta_of(config, scaling, default_theta), head_size,
                       rotated_of(config, scaling, head_size, default_part)});
    known += (known.empty() ? "" : ", ") + std::string(one.name);
  }
  scaling.fail("asks for rope type '" + kind + "'; supported: " + known);
}

}  // namespace sanctum::models
