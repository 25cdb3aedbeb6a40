#include "models/decoder_config.h"

#include <algorithm>
#include <string>

#include "base/json.h"
#include "models/layer_windows.h"
#include "nn/backend.h"

namespace sanctum::models {

namespace {

using Windows = DecoderDefaults::Windows;

// Qwen's: its layers slide if it says so. Defaults as transformers has them.
std::vector<int> used_windows(const json::Node& c, int layers, Windows which) {
  if (!c.as_bool_or("use_sliding_window", false)) return {};
  std::vector<int> out = read_layer_windows(c, layers, {.window = 4096});
  if (which == Windows::kAllIfUsed) return out;
  const std::int64_t first =
      c.has("max_window_layers") ? c.at("max_window_layers").as_int(0, kWidthMax) : 28;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(first, layers); ++i)
    out[static_cast<std::size_t>(i)] = 0;
  return out;
}

std::vector<int> stated_windows(const json::Node& c, int layers, Windows which) {
  if (which == Windows::kNone) return {};
  if (c.has("layer_types")) {
    const bool off = c.has("use_sliding_window") && !c.at("use_sliding_window").as_bool();
    for (const json::Node& type : c.at("layer_types").as_array())
      if (off && type.as_string() == "sliding_attention")
        type.fail("is 'sliding_attention', but use_sliding_window is false");
    return read_layer_windows(c, layers, {});
  }
  if (which != Windows::kAll) return used_windows(c, layers, which);
  return c.has("sliding_window") ? read_layer_windows(c, layers, {}) : std::vector<int>();
}

// One as long as the context is none.
std::vector<int> windows_of(const json::Node& c, int layers, Windows which) {
  std::vector<int> out = stated_windows(c, layers, which);
  const auto context = c.get("max_position_embeddings");
  for (int& window : out)
    if (context && window >= context->as_double()) window = 0;
  const bool any = std::any_of(out.begin(), out.end(), [](int window) { return window > 0; });
  return any ? out : std::vector<int>();
}

}  // namespace

void check_heads(const json::Node& c, const HeadSizes& sizes) {
  const auto fail = [&c](std::string_view key, const std::string& why) {
    (c.has(key) ? c.at(key) : c).fail(why);
  };
  const std::string_view size_from = c.has("head_dim") ? "head_dim" : "hidden_size";
  if (sizes.head_size < 2 || sizes.head_size % 2 != 0)
    fail(size_from, "gives heads of size " + std::to_string(sizes.head_size) +
                        "; rotary embeddings need an even one");
  if (sizes.head_size > nn::kHeadSizeMax)
    fail(size_from, "gives heads of size " + std::to_string(sizes.head_size) + "; at most " +
                        std::to_string(nn::kHeadSizeMax) + " is supported");
  if (sizes.heads % sizes.kv_heads != 0)
    fail("num_key_value_heads", "is " + std::to_string(sizes.kv_heads) +
                                    ", which does not divide the " + std::to_string(sizes.heads) +
                                    " num_attention_heads");
}

DecoderConfig read_decoder_config(const json::Node& c, const DecoderDefaults& defaults) {
  const auto count = [&](std::string_view key, std::int64_t most = kWidthMax) {
    return static_cast<int>(c.at(key).as_int(1, most));
  };
  DecoderConfig out;
  out.hidden_size = count("hidden_size");
  out.layers = count("num_hidden_layers");
  out.intermediate_size = defaults.only_experts ? 0 : count("intermediate_size");
  out.heads = count("num_attention_heads", kHeadsMax);
  out.kv_heads = c.has("num_key_value_heads") ? count("num_key_value_heads") : out.heads;
  out.head_size = c.has("head_dim") ? count("head_dim") : out.hidden_size / out.heads;
  out.vocabulary = count("vocab_size");
  out.norm_eps = static_cast<float>(c.at("rms_norm_eps").as_double(0, 1));
  check_heads(c, {out.heads, out.kv_heads, out.head_size});

  out.rope = read_rope(c, out.head_size, defaults.rope_theta, defaults.rotated_part);
  out.windows = windows_of(c, out.layers, defaults.windows);
  refuse_variants(c, defaults.part, {out.layers, out.heads, out.head_size});
  return out;
}

}  // namespace sanctum::models
