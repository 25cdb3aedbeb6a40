#include "models/qwen3_vl.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "models/decoder_model.h"
#include "models/seeing_decoder.h"

namespace sanctum::models {
namespace {

// Pairs of a head that follow time, height and width where config.json is silent, as in
// transformers and mlx-vlm.
constexpr std::array<int, 3> kDefaultSection{24, 20, 20};

void replace_prefix(std::string& name, std::string_view from, std::string_view to) {
  if (name.rfind(from, 0) == 0) name.replace(0, from.size(), to);
}

}  // namespace

DecoderConfig read_qwen3_vl_text(const json::Node& c) {
  DecoderConfig out =
      read_decoder_config(c, {.part = Part::kQwen3VlText, .rope_theta = std::nullopt});
  out.rope_axes = read_position_axes(c, out.head_size / 2, kDefaultSection);
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
  DecoderConfig text = read_qwen3_vl_text(config.at("text_config"));
  if (config.has("vision_config")) return seeing_decoder(text, config, weights, std::move(traits));
  text.rope_axes.clear();  // of texts alone all three axes are one
  return decoder_model(text, weights, "language_model.model", std::move(traits));
}

}  // namespace sanctum::models
