#include "models/text_decoders.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "models/decoder_config.h"
#include "models/decoder_model.h"
#include "models/layer_windows.h"
#include "models/wrapped_language.h"

namespace sanctum::models {
namespace {

using Windows = DecoderDefaults::Windows;

constexpr std::int64_t kOriginalContextMax = 1 << 24;  // tokens

std::unique_ptr<Model> made(const DecoderConfig& config, nn::Weights& weights, Traits traits) {
  return decoder_model(config, weights, "model", std::move(traits));
}

// As config.json says, of those who let it say.
LayerForms stated_biases(const json::Node& config) {
  LayerForms forms;
  forms.qkv_bias = forms.o_bias = config.as_bool_or("attention_bias", false);
  forms.mlp_bias = config.as_bool_or("mlp_bias", false);
  return forms;
}

}  // namespace

std::unique_ptr<Model> load_llama(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config = read_decoder_config(c, {.part = Part::kLlama, .rope_theta = 10000});
  config.forms = stated_biases(c);
  return made(config, weights, std::move(traits));
}

std::optional<std::string> rename_llama(const std::string& stored) {
  if (stored.find("rotary_emb.inv_freq") != std::string::npos) return std::nullopt;
  return stored;
}

std::unique_ptr<Model> load_mistral(const json::Node& c, nn::Weights& weights, Traits traits) {
  return made(read_decoder_config(
                  c, {.part = Part::kMistral, .rope_theta = 10000, .windows = Windows::kAll}),
              weights, std::move(traits));
}

std::unique_ptr<Model> load_qwen2(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config =
      read_decoder_config(c, {.part = Part::kQwen2, .rope_theta = 1e6, .windows = Windows::kUpper});
  config.forms.qkv_bias = true;
  return made(config, weights, std::move(traits));
}

std::unique_ptr<Model> load_qwen3(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config = read_decoder_config(
      c, {.part = Part::kQwen3, .rope_theta = std::nullopt, .windows = Windows::kUpper});
  config.forms.qk_norm = true;
  return made(config, weights, std::move(traits));
}

std::unique_ptr<Model> load_ministral3(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config = read_decoder_config(
      c, {.part = Part::kMinistral3, .rope_theta = std::nullopt, .windows = Windows::kAll});
  const auto rope = rope_members(c);
  if (const auto beta = rope ? rope->get("llama_4_scaling_beta") : std::nullopt) {
    config.query_scaling = {
        static_cast<float>(beta->as_double(0)),
        static_cast<int>(
            rope->at("original_max_position_embeddings").as_int(1, kOriginalContextMax))};
  }
  return made(config, weights, std::move(traits));
}

std::unique_ptr<Model> load_mistral3(const json::Node& c, nn::Weights& weights, Traits traits) {
  const json::Node text = c.at("text_config");
  const std::string type = text.as_string_or("model_type", "mistral");
  if (type == "ministral3") return load_ministral3(text, weights, std::move(traits));
  if (type == "mistral") return load_mistral(text, weights, std::move(traits));
  text.at("model_type")
      .fail("is '" + type + "'; supported inside of mistral3: ministral3, mistral");
}

std::optional<std::string> rename_mistral3(const std::string& stored) {
  const auto name = name_without_wrapper(stored);
  return name ? rename_llama(*name) : std::nullopt;
}

std::unique_ptr<Model> load_smollm3(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config = read_decoder_config(c, {.part = Part::kSmolLm3, .rope_theta = 2e6});
  config.forms = stated_biases(c);
  const std::int64_t interval =
      c.has("no_rope_layer_interval") ? c.at("no_rope_layer_interval").as_int(1, kWidthMax) : 4;
  for (int i = 1; i <= config.layers; ++i) config.rotates.push_back(i % interval != 0);
  if (const auto listed = c.get("no_rope_layers")) {  // 1: it rotates, despite the name
    const auto layers = listed->as_array(config.rotates.size());
    if (layers.size() != config.rotates.size())
      listed->fail("must have a number for each of " + std::to_string(config.layers) + " layers");
    for (std::size_t i = 0; i < layers.size(); ++i) config.rotates[i] = layers[i].as_int(0, 1) == 1;
  }
  return made(config, weights, std::move(traits));
}

std::unique_ptr<Model> load_phi3(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config =
      read_decoder_config(c, {.part = Part::kPhi3, .rope_theta = 10000, .windows = Windows::kAll});
  config.forms.fused = true;
  return made(config, weights, std::move(traits));
}

std::unique_ptr<Model> load_mixtral(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config =
      read_decoder_config(c, {.part = Part::kMixtral, .rope_theta = 1e6, .windows = Windows::kAll});
  config.mixture = read_mixture(c, "num_local_experts", "intermediate_size");
  config.mixture->routing.over_chosen = true;
  config.feed_forward = "block_sparse_moe";
  return made(config, weights, std::move(traits));
}

// transformers' experts have their names from the paper.
std::optional<std::string> rename_mixtral(const std::string& stored) {
  std::string name = stored;
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{".w1.", ".gate_proj."},
        {".w2.", ".down_proj."},
        {".w3.", ".up_proj."}}) {
    const std::size_t at = name.find(from);
    if (at != std::string::npos && name.find(".experts.") != std::string::npos)
      name.replace(at, from.size(), to);
  }
  return rename_llama(name);
}

std::unique_ptr<Model> load_qwen3_moe(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config = read_decoder_config(
      c, {.part = Part::kQwen3Moe, .rope_theta = std::nullopt, .windows = Windows::kAllIfUsed});
  config.forms.qk_norm = true;
  config.mixture = read_mixture(c, "num_experts", "moe_intermediate_size");
  config.mixture->routing.over_chosen = c.at("norm_topk_prob").as_bool();
  config.mixes = read_mixing_layers(c, config.layers);
  return made(config, weights, std::move(traits));
}

std::unique_ptr<Model> load_gpt_oss(const json::Node& c, nn::Weights& weights, Traits traits) {
  DecoderConfig config =
      read_decoder_config(c, {.part = Part::kGptOss, .rope_theta = 150000, .only_experts = true});
  config.forms.qkv_bias = config.forms.o_bias = config.forms.sinks = true;
  config.windows = read_layer_windows(c, config.layers, {.every = 2});
  config.mixture = read_mixture(c, "num_local_experts", "intermediate_size");
  config.mixture->routing.over_chosen = true;
  config.mixture->biases = true;
  config.mixture->router = "router";
  config.mixture->together = nn::GateUp::kByTurns;
  config.mixture->act = nn::Activation::kClampedSwiglu;
  return made(config, weights, std::move(traits));
}

std::optional<std::string> rename_gpt_oss(const std::string& stored) {
  std::string name = stored;
  constexpr std::string_view kExperts = ".mlp.experts.";
  const std::size_t at = name.find(kExperts);
  // "gate_proj.weight" is mlx-lm's; its makers have "gate_up_proj_blocks".
  if (at != std::string::npos && name.find('.', at + kExperts.size()) != std::string::npos)
    name.replace(at, kExperts.size(), ".mlp.switch_mlp.");
  return name;
}

}  // namespace sanctum::models
