#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "convert/family.h"

namespace sanctum::convert {
namespace {

// Whose weights are stored less one, as the makers publish them.
constexpr std::array<std::string_view, 5> kNorms{
    ".input_layernorm.weight", ".post_attention_layernorm.weight", "model.norm.weight",
    ".q_norm.weight", ".k_norm.weight"};

bool is_more_predicted(const std::string& name) {
  return name.find("mtp.") != std::string::npos;
}

// In PyTorch's order: [channels, 1, taps].
bool is_published_filter(const NamedTensor& tensor) {
  return tensor.name.find("conv1d.weight") != std::string::npos && !tensor.shape.empty() &&
         tensor.shape.back() != 1;
}

void as_mlx_has_them(Names& names) {
  for (NamedTensor& tensor : names.tensors) {
    if (is_published_filter(tensor)) {
      if (tensor.shape.size() != 3 || tensor.shape[1] != 1)
        throw Error(ErrorCode::kCorrupt,
                    tensor.stored().name + " is no filter of a channel: [channels, 1, taps]",
                    "path");
      std::swap(tensor.shape[1], tensor.shape[2]);
    }
    tensor.plus_one = tensor.shape.size() == 1 &&
                      std::any_of(kNorms.begin(), kNorms.end(), [&](std::string_view norm) {
                        return tensor.name.ends_with(norm);
                      });
  }
}

Renamed rename_qwen3_next(const std::string& stored) {
  if (is_more_predicted(stored)) return left_out(kMorePredicted);
  return {stored};
}

void finish_qwen3_next(Names& names, const json::Node&) {
  const auto any = [&](const auto& is) {
    return std::any_of(names.tensors.begin(), names.tensors.end(), is);
  };
  if (any([](const NamedTensor& tensor) {
        return tensor.stored().name.find(".mlp.experts.") != std::string::npos;
      }))
    return as_mlx_has_them(names);
  for (const NamedTensor& tensor : names.tensors)
    if (is_published_filter(tensor))
      refuse_tensor(tensor.stored().name,
                    "mlx_lm takes a qwen3_next whose experts are each by itself "
                    "(mlp.experts.0.up_proj.weight)");
}

Renamed rename_qwen3_5(const std::string& stored) {
  constexpr std::string_view kPublished = "model.language_model", kOurs = "language_model.model";
  if (stored.starts_with("vision_tower") || stored.starts_with("model.visual"))
    return left_out(kTowers);
  if (stored.starts_with("model.language_model.visual."))
    refuse_tensor(stored, "mlx_lm looks for a tower in model.visual");
  if (is_more_predicted(stored)) return left_out(kMorePredicted);
  if (stored.starts_with(kPublished))
    return {std::string(kOurs) + stored.substr(kPublished.size())};
  return {stored.starts_with("language_model.") ? stored : "language_model." + stored};
}

void finish_qwen3_5(Names& names, const json::Node&) {
  if (std::any_of(names.tensors.begin(), names.tensors.end(), is_published_filter))
    as_mlx_has_them(names);
}

bool split_qwen3_5_moe(const std::string& name, const StoredTensor& stored,
                       std::vector<NamedTensor>& to) {
  constexpr std::string_view kExperts = ".mlp.experts.";
  const std::size_t at = name.find(kExperts);
  if (at == std::string::npos) return false;
  const std::string inside = name.substr(at + kExperts.size());
  const auto stacked = [&](const char* projection) {
    return name.substr(0, at) + ".mlp.switch_mlp." + projection + ".weight";
  };
  if (inside == "gate_up_proj") {
    auto both = gate_and_up(stored, GateUpLie::kHalves, stacked("gate_proj"), stacked("up_proj"));
    to.push_back(std::move(both.gate));
    to.push_back(std::move(both.up));
  } else if (inside == "down_proj") {
    to.push_back(as_it_is(stacked("down_proj"), stored));
  } else {
    refuse_tensor(stored.name,
                  "mlx_lm takes experts in one tensor here (experts.gate_up_proj, down_proj)");
  }
  return true;
}

// As mlx_lm's ModelArgs name it.
void config_qwen3_5(Members& members, const json::Node& config) {
  const auto text = config.get("text_config");
  const json::Node inside = text ? *text : config;
  const auto rope = inside.get("rope_parameters");
  if (!rope || !rope->is_object()) return;
  Members told = members_of(*rope);
  const auto type = told.find("rope_type");
  if (type == told.end() || told.contains("type")) return;
  told["type"] = type->second;
  told.erase("rope_type");
  if (!text) {
    members["rope_parameters"] = object_of(told);
    return;
  }
  Members changed = members_of(inside);
  changed["rope_parameters"] = object_of(told);
  members["text_config"] = object_of(changed);
}

}  // namespace

std::vector<Family> qwen_hybrid_families() {
  const std::vector<std::string> routers{"mlp.gate", "shared_expert_gate"};
  const Family qwen3_5{.model_type = "qwen3_5",
                       .rename = rename_qwen3_5,
                       .finish = finish_qwen3_5,
                       .config = config_qwen3_5,
                       .routers = routers,
                       .not_cast = "A_log"};
  Family qwen3_5_moe = qwen3_5;
  qwen3_5_moe.model_type = "qwen3_5_moe";
  qwen3_5_moe.split = split_qwen3_5_moe;
  return {qwen3_5,
          qwen3_5_moe,
          {.model_type = "qwen3_next",
           .rename = rename_qwen3_next,
           .experts = experts_in_mlp(),
           .finish = finish_qwen3_next,
           .routers = routers}};
}

}  // namespace sanctum::convert
