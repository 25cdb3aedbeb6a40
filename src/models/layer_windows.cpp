#include "models/layer_windows.h"

#include <string>

#include "base/json.h"

namespace sanctum::models {
namespace {

constexpr std::int64_t kWindowMax = 1 << 24;  // tokens
constexpr std::int64_t kPatternMax = 1 << 16;
constexpr std::string_view kFull = "full_attention", kSliding = "sliding_attention";

}  // namespace

std::vector<int> read_layer_windows(const json::Node& c, int layers,
                                    const WindowDefaults& defaults) {
  const bool silent = !c.has("sliding_window") && defaults.window;
  const auto window = [&] {
    return silent ? *defaults.window
                  : static_cast<int>(c.at("sliding_window").as_int(1, kWindowMax));
  };
  std::vector<int> out;
  if (const auto types = c.get("layer_types")) {
    const auto listed = types->as_array(static_cast<std::size_t>(layers));
    if (static_cast<int>(listed.size()) != layers)
      types->fail("must have a type for each of " + std::to_string(layers) + " layers");
    for (const json::Node& type : listed) {
      const std::string name = type.as_string();
      if (name != kFull && name != kSliding)
        type.fail("is '" + name + "'; supported: full_attention, sliding_attention");
      out.push_back(name == kFull ? 0 : window());
    }
    return out;
  }
  std::optional<std::int64_t> every = defaults.every;
  for (const std::string_view key : {"sliding_window_pattern", "_sliding_window_pattern"})
    if (c.has(key)) every = c.at(key).as_int(1, kPatternMax);
  for (int i = 1; i <= layers; ++i) out.push_back(!every || i % *every != 0 ? window() : 0);
  return out;
}

RopeConfig read_layer_rope(const json::Node& c, std::string_view type, int head_size,
                           double theta) {
  const auto members = rope_members(c);
  if (members && members->has(type)) {
    const json::Node own = members->at(type);
    if (type != kFull) own.at("rope_theta");  // the configuration's own is the others'
    return read_rope(c, own, head_size, theta);
  }
  const json::Document none("{}");
  if (type == kFull) return read_rope(c, members.value_or(none.root()), head_size, theta);
  const std::string own = "{\"rope_theta\":" + json::number(theta) + "}";
  const json::Document plain(own);
  return read_rope(c, plain.root(), head_size, theta);
}

}  // namespace sanctum::models
