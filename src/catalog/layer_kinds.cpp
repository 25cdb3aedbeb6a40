// What the layers of each architecture remember, as src/models reads it of the same members.
#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>

#include "catalog/memory_prediction.h"

namespace sanctum::catalog {
namespace {

constexpr std::int64_t kCountMax = 1 << 24;
constexpr std::uint64_t kHeadGrain = 32;  // features
constexpr std::uint64_t kInt8Group = 32, kInt8ScaleBytes = 2;
constexpr std::uint64_t kLineBytes = 64;  // to a multiple of which a state is padded
// Of a step, beside a window, and a block that is begun: as nn/cpu/paged_memory.h counts them.
constexpr std::int64_t kBesideWindow = 512 + static_cast<std::int64_t>(kBlockTokens);

enum class Sees { kAll, kWindow, kState };

std::uint64_t head_token_bytes(std::uint64_t features, const std::string& stored, KvForm form) {
  const std::uint64_t padded = (features + kHeadGrain - 1) / kHeadGrain * kHeadGrain;
  if (form == KvForm::kInt8) return padded + padded / kInt8Group * kInt8ScaleBytes;
  return padded * (stored == "float32" ? 4 : 2);
}

struct Text {
  json::Node config;
  std::string type;

  std::uint64_t count(const char* key) const {
    return static_cast<std::uint64_t>(config.at(key).as_int(1, kCountMax));
  }
  std::uint64_t count_or(const char* key, std::uint64_t fallback) const {
    return config.has(key) ? count(key) : fallback;
  }
  bool is(std::string_view begins) const { return type.starts_with(begins); }
};

Sees named(const std::string& type) {
  if (type == "linear_attention") return Sees::kState;
  return type == "sliding_attention" ? Sees::kWindow : Sees::kAll;
}

// Where layers are not listed: layer `i` of `layers`, from 1.
Sees usual(const Text& text, std::uint64_t i) {
  const auto all_but = [&](const char* key, std::uint64_t every, Sees otherwise) {
    return i % text.count_or(key, every) == 0 ? Sees::kAll : otherwise;
  };
  if (text.is("gemma")) return all_but("sliding_window_pattern", 6, Sees::kWindow);
  if (text.is("gpt_oss")) return i % 2 == 0 ? Sees::kAll : Sees::kWindow;
  if (text.config.has("linear_num_value_heads"))
    return all_but("full_attention_interval", 4, Sees::kState);
  if (!text.config.has("sliding_window")) return Sees::kAll;
  if (text.is("mistral") || text.is("ministral") || text.is("mixtral") || text.is("phi3"))
    return Sees::kWindow;
  const bool slides = text.config.as_bool_or("use_sliding_window", false);
  return slides && i > text.count_or("max_window_layers", 28) ? Sees::kWindow : Sees::kAll;
}

std::vector<Sees> layers_of(const Text& text) {
  const std::uint64_t layers = text.count("num_hidden_layers");
  std::vector<Sees> out;
  if (const auto types = text.config.get("layer_types")) {
    for (const json::Node& type : types->as_array(layers)) out.push_back(named(type.as_string()));
  } else {
    for (std::uint64_t i = 1; i <= layers; ++i) out.push_back(usual(text, i));
  }
  if (text.is("gemma4") && !out.empty()) out.back() = Sees::kAll;
  // The last ones of the small Gemmas remember nothing.
  const std::uint64_t shared = text.is("gemma4") ? text.count_or("num_kv_shared_layers", 0) : 0;
  out.resize(out.size() - std::min<std::size_t>(shared, out.size()));
  return out;
}

std::uint64_t state_bytes(const Text& text) {
  const std::uint64_t keys = text.count("linear_num_key_heads") * text.count("linear_key_head_dim");
  const std::uint64_t values =
      text.count("linear_num_value_heads") * text.count("linear_value_head_dim");
  const std::uint64_t numbers = values * text.count("linear_key_head_dim") +
                                (text.count("linear_conv_kernel_dim") - 1) * (2 * keys + values);
  return (numbers * sizeof(float) + kLineBytes - 1) / kLineBytes * kLineBytes;
}

}  // namespace

std::vector<LayerKind> layer_kinds(const json::Node& config, const std::string& stored,
                                   KvForm form) {
  const json::Node inner = config.get("text_config").value_or(config);
  const Text text{inner, inner.as_string_or("model_type", config.as_string_or("model_type", ""))};
  const std::uint64_t heads = text.count("num_attention_heads");
  const std::uint64_t kv_heads = text.count_or("num_key_value_heads", heads);
  const std::uint64_t features =
      inner.has("head_dim") ? text.count("head_dim") : text.count("hidden_size") / heads;
  std::uint64_t full_heads = kv_heads, full_features = features;
  if (text.is("gemma4")) {
    full_features = text.count_or("global_head_dim", 512);
    if (inner.as_bool_or("attention_k_eq_v", false))
      full_heads = text.count_or("num_global_key_value_heads", kv_heads);
  }
  LayerKind full{"full attention"}, window{"sliding window"}, state{"recurrent state"};
  const auto context = inner.get("max_position_embeddings");
  for (const Sees sees : layers_of(text)) {
    const bool slides =
        sees == Sees::kWindow && inner.has("sliding_window") &&
        (text.is("gemma") || !context || inner.at("sliding_window").as_int(1) < context->as_int(1));
    if (sees == Sees::kState) {
      ++state.layers;
      state.sequence_bytes += state_bytes(text);
    } else if (slides) {
      ++window.layers;
      window.tokens_max = inner.at("sliding_window").as_int(1, kCountMax) + kBesideWindow;
      window.token_bytes += 2 * kv_heads * head_token_bytes(features, stored, form);
    } else {
      ++full.layers;
      full.token_bytes += 2 * full_heads * head_token_bytes(full_features, stored, form);
    }
  }
  std::vector<LayerKind> out;
  for (LayerKind& kind : {std::ref(full), std::ref(window), std::ref(state)})
    if (kind.layers > 0) out.push_back(std::move(kind));
  return out;
}

}  // namespace sanctum::catalog
