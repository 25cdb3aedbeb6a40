#include <string_view>

#include "convert/family.h"

namespace sanctum::convert {
namespace {

constexpr std::string_view kPublished = "model.language_model.", kInside = "language_model.";

// Of a tensor that is no tower's.
std::string inside(const std::string& stored) {
  if (stored.starts_with(kPublished))
    return std::string(kInside) + "model." + stored.substr(kPublished.size());
  return stored.starts_with(kInside) ? stored : std::string(kInside) + stored;
}

Renamed rename_mistral3(const std::string& stored) {
  for (const std::string_view tower : {"vision_tower", "multi_modal_projector"})
    if (stored.find(tower) != std::string::npos) return left_out(kTowers);
  return {inside(stored)};
}

void config_mistral3(Members& members, const json::Node& config) {
  const auto text = config.get("text_config");
  if (!text) return;
  if (text->as_string_or("model_type", "") == "mistral4")
    text->at("model_type").fail("is 'mistral4', which is neither served nor converted");
  Members changed = members_of(*text);
  changed.emplace("tie_word_embeddings", "false");
  members["text_config"] = object_of(changed);
}

Renamed rename_qwen3_vl(const std::string& stored) {
  for (const std::string_view tower : {"visual.", "model.visual.", "vision_tower."})
    if (stored.starts_with(tower)) return left_out(kTowers);
  return {inside(stored)};
}

}  // namespace

std::vector<Family> wrapped_families() {
  return {{.model_type = "mistral3", .rename = rename_mistral3, .config = config_mistral3},
          {.model_type = "qwen3_vl", .rename = rename_qwen3_vl}};
}

}  // namespace sanctum::convert
