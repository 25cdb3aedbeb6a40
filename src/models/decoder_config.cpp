#include "models/decoder_config.h"

#include <string>

#include "base/json.h"
#include "nn/backend.h"

namespace sanctum::models {

DecoderConfig read_decoder_config(const json::Node& c, const DecoderDefaults& defaults) {
  const auto count = [&](std::string_view key, std::int64_t most = kWidthMax) {
    return static_cast<int>(c.at(key).as_int(1, most));
  };
  DecoderConfig out;
  out.hidden_size = count("hidden_size");
  out.layers = count("num_hidden_layers");
  out.intermediate_size = count("intermediate_size");
  out.heads = count("num_attention_heads", kHeadsMax);
  out.kv_heads = c.has("num_key_value_heads") ? count("num_key_value_heads") : out.heads;
  out.head_size = c.has("head_dim") ? count("head_dim") : out.hidden_size / out.heads;
  out.vocabulary = count("vocab_size");
  out.norm_eps = static_cast<float>(c.at("rms_norm_eps").as_double(0, 1));
  const std::string_view size_from = c.has("head_dim") ? "head_dim" : "hidden_size";
  if (out.head_size < 2 || out.head_size % 2 != 0) {
    c.at(size_from).fail("gives heads of size " + std::to_string(out.head_size) +
                         "; rotary embeddings need an even one");
  }
  if (out.head_size > nn::kHeadSizeMax) {
    c.at(size_from).fail("gives heads of size " + std::to_string(out.head_size) + "; at most " +
                         std::to_string(nn::kHeadSizeMax) + " is supported");
  }
  if (out.heads % out.kv_heads != 0) {
    c.at("num_key_value_heads")
        .fail("is " + std::to_string(out.kv_heads) + ", which does not divide the " +
              std::to_string(out.heads) + " num_attention_heads");
  }

  out.rope = read_rope(c, out.head_size, defaults.rope_theta);
  refuse_variants(c, defaults.part, {out.layers, out.heads, out.head_size});
  return out;
}

}  // namespace sanctum::models
