#include "models/qwen3_vl.h"

#include <array>

#include "base/error.h"
#include "base/json.h"
#include "models/decoder.h"
#include "models/qwen_prepared.h"
#include "models/vision_encoding.h"

namespace sanctum::models {
namespace {

// Pairs of a head that follow time, height and width where config.json is silent, as in
// transformers and mlx-vlm.
constexpr std::array<int, 3> kDefaultSection{24, 20, 20};

std::array<int, 3> read_section(const json::Node& c, int head_size) {
  const auto rope = rope_members(c);
  const auto stored = rope ? rope->get("mrope_section") : std::nullopt;
  std::array<int, 3> section = kDefaultSection;
  if (stored) {
    const auto counts = stored->as_array(3);
    if (counts.size() != 3) stored->fail("must have three numbers: time, height, width");
    for (std::size_t i = 0; i < 3; ++i)
      section[i] = static_cast<int>(counts[i].as_int(0, head_size));
  }
  if (section[0] + section[1] + section[2] != head_size / 2) {
    const std::string path = (rope ? rope->path() : c.path() + ".rope_scaling") + ".mrope_section";
    throw Error(
        ErrorCode::kInvalid,
        "'" + path + "' " + (stored ? "adds up to " : "is missing, and its default is for ") +
            std::to_string(section[0] + section[1] + section[2]) + " pairs; heads of size " +
            std::to_string(head_size) + " have " + std::to_string(head_size / 2),
        path);
  }
  return section;
}

void replace_prefix(std::string& name, std::string_view from, std::string_view to) {
  if (name.rfind(from, 0) == 0) name.replace(0, from.size(), to);
}

class Qwen3Vl final : public Model {
 public:
  Qwen3Vl(const DecoderConfig& text, const VisionConfig& vision, nn::Weights& weights,
          Traits traits)
      : Model(std::move(traits)),
        text_(text, weights, "language_model.model", traits_.head),
        vision_tower_(vision, weights, "vision_tower") {
    traits_.kv = remembered(text, weights.stored_type());
    traits_.vocabulary = text.vocabulary;
  }
  mx::array forward(const Step& step) const override { return text_.forward(step); }
  std::unique_ptr<Encoding> begin_encoding(const PreparedPicture& picture) const override {
    return begin_vision_encoding(vision_tower_, static_cast<const QwenPrepared&>(picture).picture);
  }

 private:
  Decoder text_;
  VisionTower vision_tower_;
};

}  // namespace

DecoderConfig read_qwen3_vl_text(const json::Node& c) {
  DecoderConfig out =
      read_decoder_config(c, {.part = Part::kQwen3VlText, .rope_theta = std::nullopt});
  out.rope_axes = nn::interleaved_axes(read_section(c, out.head_size), out.head_size / 2);
  out.forms.qk_norm = true;
  return out;
}

std::optional<std::string> rename_qwen3_vl(const std::string& stored) {
  std::string name = stored;
  replace_prefix(name, "model.language_model.", "language_model.model.");
  replace_prefix(name, "model.visual.", "vision_tower.");
  replace_prefix(name, "lm_head.", "language_model.lm_head.");
  return name;
}

std::unique_ptr<Model> load_qwen3_vl(const json::Node& config, nn::Weights& weights,
                                     Traits traits) {
  const DecoderConfig text = read_qwen3_vl_text(config.at("text_config"));
  const VisionConfig vision = VisionConfig::read(config.at("vision_config"));
  if (vision.out_hidden_size != text.hidden_size) {
    config.at("vision_config")
        .fail("has an out_hidden_size that is not the language model's hidden_size");
  }
  return std::make_unique<Qwen3Vl>(text, vision, weights, std::move(traits));
}

}  // namespace sanctum::models
