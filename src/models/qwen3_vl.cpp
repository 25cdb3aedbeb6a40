#include "models/qwen3_vl.h"

#include "base/json.h"
#include "models/qwen3_text.h"
#include "models/vision_encoding.h"

namespace sanctum::models {
namespace {

void replace_prefix(std::string& name, std::string_view from, std::string_view to) {
  if (name.rfind(from, 0) == 0) name.replace(0, from.size(), to);
}

class Qwen3Vl final : public Model {
 public:
  Qwen3Vl(const Qwen3TextConfig& text, const VisionConfig& vision, nn::Weights& weights,
          Traits traits)
      : Model(std::move(traits)),
        text_(text, weights, "language_model.model", traits_.head),
        vision_tower_(vision, weights, "vision_tower") {
    traits_.kv = {text.layers, text.kv_heads, text.head_size, weights.stored_type()};
    traits_.vocabulary = text.vocabulary;
  }
  mx::array forward(const Step& step) const override { return text_.forward(step); }
  std::unique_ptr<Encoding> begin_encoding(const image::QwenPicture& picture) const override {
    return begin_vision_encoding(vision_tower_, picture);
  }

 private:
  Qwen3Text text_;
  VisionTower vision_tower_;
};

}  // namespace

std::optional<std::string> rename_qwen3_vl(const std::string& stored) {
  std::string name = stored;
  replace_prefix(name, "model.language_model.", "language_model.model.");
  replace_prefix(name, "model.visual.", "vision_tower.");
  replace_prefix(name, "lm_head.", "language_model.lm_head.");
  return name;
}

std::unique_ptr<Model> load_qwen3_vl(const json::Node& config, nn::Weights& weights,
                                     Traits traits) {
  const Qwen3TextConfig text = Qwen3TextConfig::read(config.at("text_config"), /*vision=*/true);
  const VisionConfig vision = VisionConfig::read(config.at("vision_config"));
  if (vision.out_hidden_size != text.hidden_size) {
    config.at("vision_config")
        .fail("has an out_hidden_size that is not the language model's hidden_size");
  }
  return std::make_unique<Qwen3Vl>(text, vision, weights, std::move(traits));
}

}  // namespace sanctum::models
