#include "models/text_decoders.h"

#include <utility>

#include "base/json.h"
#include "models/decoder.h"

namespace sanctum::models {
namespace {

class TextDecoder final : public Model {
 public:
  TextDecoder(const DecoderConfig& config, nn::Weights& weights, Traits traits)
      : Model(std::move(traits)), decoder_(config, weights, "model", traits_.head) {
    traits_.kv = {config.layers, config.kv_heads, config.head_size, weights.stored_type()};
    traits_.vocabulary = config.vocabulary;
  }
  mx::array forward(const Step& step) const override { return decoder_.forward(step); }

 private:
  Decoder decoder_;
};

std::unique_ptr<Model> load(const json::Node& config, const DecoderDefaults& defaults,
                            const LayerForms& forms, nn::Weights& weights, Traits traits) {
  DecoderConfig read = read_decoder_config(config, defaults);
  read.forms = forms;
  return std::make_unique<TextDecoder>(read, weights, std::move(traits));
}

}  // namespace

std::unique_ptr<Model> load_llama(const json::Node& config, nn::Weights& weights, Traits traits) {
  const bool attention_bias = config.as_bool_or("attention_bias", false);
  LayerForms forms;
  forms.qkv_bias = forms.o_bias = attention_bias;
  forms.mlp_bias = config.as_bool_or("mlp_bias", false);
  return load(config, {.part = Part::kLlama, .rope_theta = 10000}, forms, weights,
              std::move(traits));
}

std::optional<std::string> rename_llama(const std::string& stored) {
  if (stored.find("rotary_emb.inv_freq") != std::string::npos) return std::nullopt;
  return stored;
}

std::unique_ptr<Model> load_qwen3(const json::Node& config, nn::Weights& weights, Traits traits) {
  return load(config, {.part = Part::kQwen3, .rope_theta = std::nullopt}, {.qk_norm = true},
              weights, std::move(traits));
}

}  // namespace sanctum::models
