#include "models/seeing_decoder.h"

#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "models/decoder.h"
#include "models/qwen_prepared.h"
#include "models/rope_config.h"
#include "models/vision_encoding.h"
#include "models/vision_tower.h"

namespace sanctum::models {
namespace {

class SeeingDecoder final : public Model {
 public:
  SeeingDecoder(const DecoderConfig& text, const VisionConfig& vision, nn::Weights& weights,
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

std::vector<int> read_position_axes(const json::Node& c, int pairs,
                                    const std::array<int, 3>& usual) {
  const auto rope = rope_members(c);
  const auto stored = rope ? rope->get("mrope_section") : std::nullopt;
  std::array<int, 3> section = usual;
  if (stored) {
    const auto counts = stored->as_array(3);
    if (counts.size() != 3) stored->fail("must have three numbers: time, height, width");
    for (std::size_t i = 0; i < 3; ++i)
      section[i] = static_cast<int>(counts[i].as_int(0, 2 * pairs));
  }
  if (section[0] + section[1] + section[2] != pairs) {
    const std::string path = (rope ? rope->path() : c.path() + ".rope_scaling") + ".mrope_section";
    throw Error(ErrorCode::kInvalid,
                "'" + path + "' " +
                    (stored ? "adds up to " : "is missing, and its default is for ") +
                    std::to_string(section[0] + section[1] + section[2]) +
                    " pairs; what turns of a head are " + std::to_string(pairs),
                path);
  }
  return nn::interleaved_axes(section, pairs);
}

std::unique_ptr<Model> seeing_decoder(const DecoderConfig& text, const json::Node& config,
                                      nn::Weights& weights, Traits traits) {
  const VisionConfig vision = VisionConfig::read(config.at("vision_config"));
  if (vision.out_hidden_size != text.hidden_size) {
    config.at("vision_config")
        .fail("has an out_hidden_size that is not the language model's hidden_size");
  }
  return std::make_unique<SeeingDecoder>(text, vision, weights, std::move(traits));
}

}  // namespace sanctum::models
