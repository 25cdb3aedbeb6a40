#include "models/qwen_hybrids.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/safetensors_header.h"
#include "models/decoder_model.h"
#include "models/qwen3_vl.h"
#include "models/seeing_decoder.h"

namespace sanctum::models {
namespace {

constexpr std::int64_t kInterval = 4;  // every so many-th layer is attention, where none are listed
// Pairs of a head that follow time, height and width where config.json is silent.
constexpr std::array<int, 3> kSection{11, 11, 10};
// Where the vision tower is, and what it cannot be without: some converters leave it out.
constexpr const char *kTower = "vision_tower.", *kTowerTensor = "patch_embed.proj.weight";
constexpr int kImageToken = 248056;  // where config.json is silent
constexpr int kTapsMax = kernels::kDeltaTapsMax;

nn::DeltaShape read_shape(const json::Node& c) {
  const auto count = [&c](std::string_view key, std::int64_t most) {
    return static_cast<int>(c.at(key).as_int(1, most));
  };
  nn::DeltaShape s;
  s.key_heads = count("linear_num_key_heads", kHeadsMax);
  s.value_heads = count("linear_num_value_heads", kHeadsMax);
  s.key_size = count("linear_key_head_dim", nn::kHeadSizeMax);
  s.value_size = count("linear_value_head_dim", nn::kHeadSizeMax);
  s.taps = count("linear_conv_kernel_dim", kTapsMax);
  if (s.value_heads % s.key_heads != 0)
    c.at("linear_num_value_heads").fail("must be a multiple of linear_num_key_heads");
  if (s.value_size % kernels::kDeltaRows != 0)
    c.at("linear_value_head_dim")
        .fail("must be a multiple of " + std::to_string(kernels::kDeltaRows));
  return s;
}

// Which layers are gated deltas.
std::vector<bool> read_layers(const json::Node& c, int layers) {
  std::vector<bool> out;
  if (const auto types = c.get("layer_types")) {
    for (const json::Node& type : types->as_array(static_cast<std::size_t>(layers))) {
      const std::string name = type.as_string();
      if (name != "linear_attention" && name != "full_attention")
        type.fail("is '" + name + "'; supported: linear_attention, full_attention");
      out.push_back(name == "linear_attention");
    }
    if (static_cast<int>(out.size()) != layers)
      types->fail("must have a type for each of " + std::to_string(layers) + " layers");
    return out;
  }
  const std::int64_t interval = c.has("full_attention_interval")
                                    ? c.at("full_attention_interval").as_int(1, kWidthMax)
                                    : kInterval;
  for (int i = 1; i <= layers; ++i) out.push_back(i % interval != 0);
  return out;
}

// Only as transformers stores it are the norms' weights less one: told by the convolution's shape.
nn::StoredNorm stored_norm(const nn::Weights& weights, const std::string& body,
                           const std::vector<bool>& deltas) {
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    const auto shape =
        weights.shape(body + ".layers." + std::to_string(i) + ".linear_attn.conv1d.weight");
    if (shape && shape->back() != 1) return nn::StoredNorm::kMinusOne;
  }
  return nn::StoredNorm::kWhole;
}

DecoderConfig read_hybrid(const json::Node& c, const nn::Weights& weights,
                          const std::string& body) {
  const bool mixes = c.as_int_or("num_experts", 0) > 0;
  DecoderConfig out =
      read_decoder_config(c, {.part = Part::kQwenHybrid,
                              .rope_theta = std::nullopt,
                              .rotated_part = 0.25,
                              .only_experts = mixes && !c.has("intermediate_size")});
  out.forms.qk_norm = out.forms.output_gate = true;
  out.forms.qkv_bias = out.forms.o_bias = c.as_bool_or("attention_bias", false);
  out.delta = DeltaConfig{.shape = read_shape(c), .layers = read_layers(c, out.layers)};
  out.stored_norm = stored_norm(weights, body, out.delta->layers);
  if (!mixes) return out;
  out.mixture = read_mixture(c, "num_experts", "moe_intermediate_size");
  out.mixture->routing.over_chosen = c.as_bool_or("norm_topk_prob", true);
  out.mixture->shared_inner =
      static_cast<int>(c.at("shared_expert_intermediate_size").as_int(0, kWidthMax));
  out.mixes = read_mixing_layers(c, out.layers);
  return out;
}

bool drops(std::string_view name, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts)
    if (name.starts_with(part)) return true;
  return false;
}

}  // namespace

std::unique_ptr<Model> load_qwen3_next(const json::Node& config, nn::Weights& weights,
                                       Traits traits) {
  DecoderConfig read = read_hybrid(config, weights, "model");
  read.delta->interleaved = true;
  if (!config.has("norm_topk_prob") && read.mixture) read.mixture->routing.over_chosen = false;
  return decoder_model(read, weights, "model", std::move(traits));
}

std::optional<std::string> rename_qwen3_next(const std::string& stored) {
  if (drops(stored, {"mtp.", "model.mtp."})) return std::nullopt;
  return stored;
}

std::unique_ptr<Model> load_qwen3_5(const json::Node& config, nn::Weights& weights, Traits traits) {
  const std::string body = "language_model.model";
  const json::Node text = config.get("text_config").value_or(config);
  DecoderConfig read = read_hybrid(text, weights, body);
  if (!config.has("vision_config") || !weights.has(kTower + std::string(kTowerTensor)))
    return decoder_model(read, weights, body, std::move(traits));
  if (const auto layers = config.at("vision_config").get("deepstack_visual_indexes");
      layers && !layers->as_array().empty())
    layers->fail("must be empty: this language model takes nothing in its early layers");
  read.rope_axes =
      read_position_axes(text, static_cast<int>(read.rope.frequencies.of_pairs.size()), kSection);
  return seeing_decoder(read, config, weights, std::move(traits));
}

std::shared_ptr<const Processor> make_qwen3_5_processor(const json::Node& config,
                                                        const std::string& directory) {
  if (!config.has("vision_config")) return std::make_shared<Processor>();
  for (const std::string& stored : stored_names(directory))
    if (rename_qwen3_5(stored) == kTower + std::string(kTowerTensor))
      return make_qwen_processor(config, directory, kImageToken);
  return std::make_shared<Processor>();
}

std::optional<std::string> rename_qwen3_5_text(const std::string& stored) {
  const auto name = rename_qwen3_5(stored);
  return name && name->starts_with(kTower) ? std::nullopt : name;
}

std::optional<std::string> rename_qwen3_5(const std::string& stored) {
  if (drops(stored, {"mtp.", "model.mtp.", "language_model.mtp.", "model.language_model.mtp.",
                     "language_model.model.mtp."}))
    return std::nullopt;
  if (stored.starts_with(kTower)) return stored;
  for (const std::string_view inside : {"model.visual.", "model.language_model.visual."})
    if (stored.starts_with(inside)) return std::string(kTower) + stored.substr(inside.size());
  constexpr std::string_view kInside = "model.language_model.", kLanguage = "language_model.";
  if (stored.starts_with(kInside)) return "language_model.model." + stored.substr(kInside.size());
  if (stored.starts_with(kLanguage)) return stored;
  return std::string(kLanguage) + stored;
}

}  // namespace sanctum::models
