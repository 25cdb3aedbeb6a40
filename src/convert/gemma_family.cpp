#include <charconv>
#include <string_view>

#include "convert/family.h"

namespace sanctum::convert {
namespace {

constexpr std::string_view kInside = "language_model.", kModel = "model.";

bool begins(std::string_view name, std::initializer_list<std::string_view> with) {
  for (const std::string_view one : with)
    if (name.starts_with(one)) return true;
  return false;
}

Renamed rename_gemma3(const std::string& stored) {
  if (begins(stored, {"vision_tower.", "multi_modal_projector."})) return left_out(kTowers);
  if (!stored.starts_with(kInside))
    refuse_tensor(stored,
                  "mlx_lm takes a gemma3 whose tensors are called language_model.model.*, "
                  "vision_tower.* and multi_modal_projector.*");
  return {stored};
}

Renamed rename_gemma4_text(const std::string& stored) {
  for (const std::string_view part :
       {"self_attn.rotary_emb", "input_max", "input_min", "output_max", "output_min"})
    if (stored.find(part) != std::string::npos) return left_out("constants that are computed");
  return {stored};
}

Renamed rename_gemma4(const std::string& stored) {
  std::string name = stored;
  const bool published = name.starts_with(kModel);
  if (published) name.erase(0, kModel.size());
  if (begins(name, {"vision_tower", "multi_modal_projector", "audio_tower", "embed_audio",
                    "embed_vision", "vision_embedder"}))
    return left_out(kTowers);
  if (!name.starts_with(kInside) && !name.starts_with("lm_head."))
    refuse_tensor(stored,
                  "mlx_lm takes a gemma4 whose tensors are called model.language_model.*, "
                  "or language_model.model.*");
  if (published && name.starts_with(kInside)) name.insert(kInside.size(), kModel);
  return rename_gemma4_text(name);
}

bool split_gemma4(const std::string& name, const StoredTensor& stored,
                  std::vector<NamedTensor>& to) {
  constexpr std::string_view kBoth = ".experts.gate_up_proj", kDown = ".experts.down_proj";
  const auto stacked = [&](std::string_view end, std::string_view projection) {
    return name.substr(0, name.size() - end.size()) + ".experts.switch_glu." +
           std::string(projection) + ".weight";
  };
  if (name.ends_with(kBoth)) {
    auto both = gate_and_up(stored, GateUpLie::kHalves, stacked(kBoth, "gate_proj"),
                            stacked(kBoth, "up_proj"));
    to.push_back(std::move(both.gate));
    to.push_back(std::move(both.up));
    return true;
  }
  if (!name.ends_with(kDown)) return false;
  to.push_back(as_it_is(stacked(kDown, "down_proj"), stored));
  return true;
}

// The layer that a tensor is of; -1: none.
std::int64_t layer_of(const std::string& name) {
  constexpr std::string_view kLayers = "layers.";
  const std::size_t at = name.find(kLayers);
  std::int64_t layer = -1;
  if (at != std::string::npos)
    std::from_chars(name.data() + at + kLayers.size(), name.data() + name.size(), layer);
  return layer;
}

// Layers that take the keys and values of one before need no projections of their own.
void finish_gemma4(Names& names, const json::Node& config) {
  constexpr std::int64_t kLayers = 35, kShared = 20;  // where config.json is silent
  const json::Node text = text_of(config);
  const std::int64_t remembering = text.as_int_or("num_hidden_layers", kLayers) -
                                   text.as_int_or("num_kv_shared_layers", kShared);
  const auto erased = std::erase_if(names.tensors, [&](const NamedTensor& tensor) {
    for (const char* part : {".self_attn.k_proj", ".self_attn.v_proj", ".self_attn.k_norm"})
      if (tensor.name.find(part) != std::string::npos) return layer_of(tensor.name) >= remembering;
    return false;
  });
  if (erased > 0)
    names.left_out["projections of layers that take keys and values of another"] += erased;
}

// What mlx_lm's ModelArgs add to text_config.
void wrapped_config(Members& members, const json::Node& config, int vocabulary, int key_heads) {
  const auto text = config.get("text_config");
  if (!text) return;
  Members inside = members_of(*text);
  const auto told = members.find("vocab_size");
  inside["vocab_size"] = told == members.end() ? std::to_string(vocabulary) : told->second;
  inside.emplace("num_attention_heads", "8");
  inside.emplace("num_key_value_heads", std::to_string(key_heads));
  members["text_config"] = object_of(inside);
}
void config_gemma3(Members& members, const json::Node& config) {
  wrapped_config(members, config, 262208, 4);
}
void config_gemma4(Members& members, const json::Node& config) {
  wrapped_config(members, config, 262144, 1);
}

}  // namespace

std::vector<Family> gemma_families() {
  return {
      {.model_type = "gemma3",
       .rename = rename_gemma3,
       .config = config_gemma3,
       .keeps_head = true},
      {.model_type = "gemma3_text", .keeps_head = true},
      {.model_type = "gemma4",
       .rename = rename_gemma4,
       .split = split_gemma4,
       .finish = finish_gemma4,
       .config = config_gemma4,
       .routers = {"router.proj"}},
      {.model_type = "gemma4_text",
       .rename = rename_gemma4_text,
       .split = split_gemma4,
       .finish = finish_gemma4,
       .routers = {"router.proj"}},
  };
}

}  // namespace sanctum::convert
