#include "models/gemma4_config.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/json.h"
#include "models/decoder_config.h"
#include "models/layer_windows.h"
#include "models/supported_variants.h"

namespace sanctum::models {
namespace {

constexpr std::int64_t kPattern = 6;  // every so many-th layer sees all, where none are listed

// Where a layer that remembers nothing finds keys and values: the last one of its kind before.
void share_memories(const json::Node& c, Gemma4Config& config, int shared) {
  const int own = static_cast<int>(config.layers.size()) - shared;
  for (int i = 0; i < static_cast<int>(config.layers.size()); ++i) {
    Gemma4Config::Layer& layer = config.layers[static_cast<std::size_t>(i)];
    layer.remembers = i < own;
    layer.memory = i;
    if (layer.remembers) continue;
    layer.memory = -1;
    for (int j = 0; j < own; ++j)
      if (config.layers[static_cast<std::size_t>(j)].window == layer.window) layer.memory = j;
    if (layer.memory < 0)
      c.at("num_kv_shared_layers").fail("leaves no layer of every kind that remembers");
  }
}

struct HeadsOfLayer {
  int head_size, kv_heads;
};

// As transformers writes since 5.23 what differs from layer to layer: {"5": {"head_dim": 512}}.
HeadsOfLayer overridden(const json::Node& listed, int layer, bool is_full, HeadsOfLayer usual) {
  const auto own = listed.get(std::to_string(layer));
  if (!own) return usual;
  if (!is_full) own->fail("is of a layer with a window; supported: of layers that see all");
  for (const auto& [name, value] : own->members()) {
    const int number = static_cast<int>(value.as_int(1, kWidthMax));
    if (name == "head_dim") {
      usual.head_size = number;
    } else if (name == "num_key_value_heads") {
      usual.kv_heads = number;
    } else {
      value.fail("is not supported for one layer; supported: head_dim, num_key_value_heads");
    }
  }
  return usual;
}

// Of the layers that see all, which are alike.
HeadsOfLayer heads_that_see_all(const json::Node& c, const std::vector<int>& windows,
                                HeadsOfLayer usual, HeadsOfLayer fallback) {
  const auto listed = c.get("per_layer_config");
  if (!listed) return fallback;
  std::optional<HeadsOfLayer> found;
  for (int i = 0; i < static_cast<int>(windows.size()); ++i) {
    const bool is_full = windows[static_cast<std::size_t>(i)] == 0;
    const HeadsOfLayer own = overridden(*listed, i, is_full, usual);
    if (!is_full) continue;
    if (found && (found->head_size != own.head_size || found->kv_heads != own.kv_heads))
      listed->fail("must be the same for all layers that see all");
    found = own;
  }
  return found.value_or(fallback);
}

nn::RopeFrequencies full_rope(const json::Node& c, int head_size) {
  if (rope_members(c)) return read_layer_rope(c, "full_attention", head_size, 1e6).frequencies;
  const json::Document usual(R"({"rope_type": "proportional", "partial_rotary_factor": 0.25})");
  return read_rope(c, usual.root(), head_size, 1e6).frequencies;
}

}  // namespace

// As transformers' Gemma4TextConfig.
Gemma4Config Gemma4Config::read(const json::Node& c, int vocabulary) {
  const auto count = [&c](std::string_view key, std::int64_t fallback, std::int64_t least = 1) {
    return static_cast<int>(c.has(key) ? c.at(key).as_int(least, kWidthMax) : fallback);
  };
  Gemma4Config out;
  out.hidden = count("hidden_size", 2304);
  out.heads = count("num_attention_heads", 8);
  out.vocabulary = vocabulary;
  out.eps = static_cast<float>(c.has("rms_norm_eps") ? c.at("rms_norm_eps").as_double(0, 1) : 1e-6);
  if (const auto cap = c.get("final_logit_softcapping"))
    out.softcap = static_cast<float>(cap->as_double(0, 1e6));
  const int layers = count("num_hidden_layers", 30), inner = count("intermediate_size", 9216);
  const HeadsOfLayer usual{count("head_dim", 256), count("num_key_value_heads", 4)};
  const bool keys_are_values = c.as_bool_or("attention_k_eq_v", false);
  const int shared = std::min(count("num_kv_shared_layers", 0, 0), layers - 1);
  const bool wide = c.as_bool_or("use_double_wide_mlp", false);
  std::vector<int> windows = read_layer_windows(c, layers, {.window = 512, .every = kPattern});
  windows.back() = 0;  // whatever is listed
  const HeadsOfLayer full = heads_that_see_all(
      c, windows, usual,
      {count("global_head_dim", 512),
       keys_are_values ? count("num_global_key_value_heads", usual.kv_heads) : usual.kv_heads});
  for (int i = 0; i < layers; ++i) {
    const int window = windows[static_cast<std::size_t>(i)];
    const bool is_full = window == 0;
    Layer layer{.window = window,
                .kv_heads = (is_full ? full : usual).kv_heads,
                .head_size = (is_full ? full : usual).head_size,
                .inner = wide && shared > 0 && i >= layers - shared ? 2 * inner : inner,
                .keys_are_values = keys_are_values && is_full};
    check_heads(c, {out.heads, layer.kv_heads, layer.head_size});
    out.layers.push_back(layer);
  }
  share_memories(c, out, shared);
  out.rope = full_rope(c, full.head_size);
  out.local_rope = read_layer_rope(c, "sliding_attention", usual.head_size, 1e4).frequencies;
  if (c.as_bool_or("enable_moe_block", false)) {
    out.mixture = read_mixture(c, "num_experts", "moe_intermediate_size", "top_k_experts");
    out.mixture->routing.over_chosen = true;
  }
  out.layer_inputs = count("hidden_size_per_layer_input", 256, 0);
  out.layer_vocabulary = count("vocab_size_per_layer_input", vocabulary);
  if (out.layer_inputs > 0 && out.layer_vocabulary < vocabulary)
    c.at("vocab_size_per_layer_input")
        .fail("must be at least vocab_size, " + std::to_string(vocabulary));
  refuse_variants(c, Part::kGemma4, {layers, out.heads, usual.head_size});
  return out;
}

}  // namespace sanctum::models
