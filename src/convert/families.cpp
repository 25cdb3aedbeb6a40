#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "convert/family.h"

namespace sanctum::convert {
namespace {

const std::vector<Family>& families() {
  static const std::vector<Family> rows = [] {
    std::vector<Family> all{
        {.model_type = "llama"},
        {.model_type = "ministral3"},
        {.model_type = "mistral"},
        {.model_type = "mixtral",
         .experts = {".block_sparse_moe.experts.",
                     ".block_sparse_moe.switch_mlp.",
                     {{"w1", "gate_proj"}, {"w3", "up_proj"}, {"w2", "down_proj"}}}},
        {.model_type = "phi3"},
        {.model_type = "qwen2"},
        {.model_type = "qwen3"},
        {.model_type = "qwen3_moe", .experts = experts_in_mlp(), .routers = {"mlp.gate"}},
        {.model_type = "smollm3"},
    };
    for (auto more :
         {gemma_families(), gpt_oss_families(), qwen_hybrid_families(), wrapped_families()})
      std::move(more.begin(), more.end(), std::back_inserter(all));
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.model_type < b.model_type; });
    return all;
  }();
  return rows;
}

}  // namespace

const Family* find_family(const std::string& model_type) {
  for (const Family& family : families())
    if (family.model_type == model_type) return &family;
  return nullptr;
}

const Family& family_of(const std::string& model_type) {
  if (const Family* family = find_family(model_type)) return *family;
  // Served, but mlx_lm knows them inside of a wrapper alone.
  const bool inside = model_type == "qwen3_5_text" || model_type == "qwen3_5_moe_text";
  throw Error(ErrorCode::kInvalid,
              "'config.json.model_type' is '" + model_type + "', which cannot be converted" +
                  (inside ? ": mlx_lm has no model of this name" : "") +
                  "; these can: " + convertible_architectures(),
              "model_type");
}

std::string convertible_architectures() {
  std::string all;
  for (const Family& family : families()) all += (all.empty() ? "" : ", ") + family.model_type;
  return all;
}

std::optional<json::Node> quantized_already(const Family& family, const json::Node& config) {
  if (const auto quantized = config.get("quantization")) return quantized;
  if (const auto text = config.get("text_config"); text && text->is_object())
    for (const char* key : {"quantization", "quantization_config"})
      if (const auto quantized = text->get(key)) return quantized;
  const auto method = config.get("quantization_config");
  const bool stays = family.stored_mxfp4 && method && method->is_object() &&
                     method->as_string_or("quant_method", "") == "mxfp4";
  return stays ? std::nullopt : method;
}

json::Node text_of(const json::Node& config) {
  const auto text = config.get("text_config");
  return text && text->is_object() ? *text : config;
}

void refuse_tensor(const std::string& stored, const std::string& why) {
  throw Error(ErrorCode::kInvalid, "tensor " + stored + " cannot be converted: " + why, "path");
}

}  // namespace sanctum::convert
