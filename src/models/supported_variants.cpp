#include "models/supported_variants.h"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string_view>

#include "base/json.h"

namespace sanctum::models {
namespace {

constexpr std::size_t kValueShownMax = 60;  // characters of a refused value

struct Case {
  const json::Node& value;   // of the member
  const json::Node& config;  // that has it
  const PartSizes& sizes;
};

bool is(const json::Node& value, double number) {
  return value.is_number() && value.as_double() == number;
}

bool is_one_of(const json::Node& value, std::initializer_list<std::string_view> names) {
  if (!value.is_string()) return false;
  const std::string name = value.as_string();
  for (const std::string_view one : names)
    if (name == one) return true;
  return false;
}

bool off(const Case& c) {
  if (c.value.is_bool()) return !c.value.as_bool();
  return is(c.value, 0) || (c.value.is_array() && c.value.as_array().empty());
}

bool empty(const Case& c) {
  return c.value.is_object() && c.value.members().empty();
}

bool on(const Case& c) {
  return c.value.is_bool() && c.value.as_bool();
}

bool one(const Case& c) {
  return is(c.value, 1);
}

bool seven(const Case& c) {
  return is(c.value, 7);
}

bool swiglu_alpha(const Case& c) {
  return is(c.value, 1.702);
}

bool silu(const Case& c) {
  return is_one_of(c.value, {"silu", "swish"});
}

// The exact form of gelu is another function.
bool gelu_tanh(const Case& c) {
  return is_one_of(c.value,
                   {"gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_tanh"});
}

bool head_size(const Case& c) {
  return is(c.value, c.sizes.head_size);
}

bool heads(const Case& c) {
  return is(c.value, c.sizes.heads);
}

bool layers(const Case& c) {
  return is(c.value, c.sizes.layers);
}

bool usual_scale(const Case& c) {
  const double usual = 1 / std::sqrt(static_cast<double>(c.sizes.head_size));
  return c.value.is_number() && std::fabs(c.value.as_double() - usual) < 1e-6 * usual;
}

bool every_layer_rotates(const Case& c) {
  if (!c.value.is_array()) return false;
  for (const json::Node& layer : c.value.as_array())
    if (!is(layer, 1)) return false;
  return true;
}

// Texts are seen as all are.
bool of_pictures(const Case& c) {
  return off(c) || is_one_of(c.value, {"vision"});
}

bool long_or_plain(const Case& c) {
  return is_one_of(c.value, {"default", "longrope", "su"});
}

bool rotary(const Case& c) {
  return is_one_of(c.value, {"rope", "rotary", "default"});
}

// A window that no context outgrows is none.
bool window_covers(const json::Node& config) {
  const auto window = config.get("sliding_window");
  const auto context = config.get("max_position_embeddings");
  return window && context && window->is_number() && context->is_number() &&
         window->as_double() >= context->as_double();
}

bool layers_see_all(const Case& c) {
  if (!c.value.is_array()) return false;
  for (const json::Node& layer : c.value.as_array()) {
    const bool slides = is_one_of(layer, {"sliding_attention"});
    if (!is_one_of(layer, {"full_attention"}) && !(slides && window_covers(c.config))) return false;
  }
  return true;
}

// Where layer_types are listed they decide.
bool no_window(const Case& c) {
  if (off(c) || window_covers(c.config) || c.config.has("layer_types")) return true;
  const auto first = c.config.get("max_window_layers");  // that slides
  return first && first->is_number() && first->as_double() >= c.sizes.layers;
}

// A window that nothing else speaks of is meant.
bool unused_window(const Case& c) {
  return window_covers(c.config) || c.config.has("layer_types") ||
         c.config.has("use_sliding_window");
}

bool rope_of_the_tower(const Case& c) {
  if (!c.value.is_object()) return false;
  for (const auto& [name, value] : c.value.members()) {
    if (value.is_null()) continue;
    if (name == "rope_theta" && !is(value, 10000)) return false;
    if (name == "partial_rotary_factor" && !is(value, 1)) return false;
    if ((name == "rope_type" || name == "type") && !is_one_of(value, {"axial", "default"}))
      return false;
  }
  return true;
}

constexpr double kVisionNormEps = 1e-6;
bool vision_eps(const Case& c) {
  return is(c.value, kVisionNormEps);
}

constexpr unsigned bits(Part part) {
  return static_cast<unsigned>(part);
}
constexpr unsigned kLlama = bits(Part::kLlama);
constexpr unsigned kQwen3VlText = bits(Part::kQwen3VlText);
constexpr unsigned kTower = bits(Part::kVisionTower);
constexpr unsigned kMinistral3 = bits(Part::kMinistral3);
constexpr unsigned kSmolLm3 = bits(Part::kSmolLm3);
constexpr unsigned kPhi3 = bits(Part::kPhi3);
constexpr unsigned kMixtral = bits(Part::kMixtral);
constexpr unsigned kQwen3Moe = bits(Part::kQwen3Moe);
constexpr unsigned kGemma3 = bits(Part::kGemma3);
constexpr unsigned kGemma4 = bits(Part::kGemma4);
constexpr unsigned kQwen3 = bits(Part::kQwen3) | kQwen3VlText | kQwen3Moe;
constexpr unsigned kQwen = bits(Part::kQwen2) | kQwen3;
constexpr unsigned kMistral = bits(Part::kMistral);
constexpr unsigned kGemma = kGemma3 | kGemma4;
constexpr unsigned kHybrid = bits(Part::kQwenHybrid);
constexpr unsigned kGptOss = bits(Part::kGptOss);
constexpr unsigned kAllWindowed = kMistral | kMinistral3 | kPhi3 | kMixtral;  // or no layer is
constexpr unsigned kUpperWindowed = bits(Part::kQwen2) | bits(Part::kQwen3) | kQwen3Moe;
constexpr unsigned kText = kLlama | kQwen | kMistral | kMinistral3 | kSmolLm3 | kPhi3 | kMixtral |
                           kGemma | kHybrid | kGptOss;
constexpr unsigned kUnwindowed =
    kText & ~kAllWindowed & ~kUpperWindowed & ~kGemma & ~kHybrid & ~kGptOss;
constexpr unsigned kUnbiased =
    kQwen3 | kMistral | kMinistral3 | kPhi3 | kMixtral | kGemma;  // nowhere

struct Member {
  std::string_view name;
  unsigned parts;
  bool (*computed)(const Case&);  // whether the value is what we compute
  std::string_view supported;     // what is, in words
};

constexpr Member kMembers[] = {
    // The feed-forward layers.
    {"hidden_act", kText & ~kGemma, silu, "silu"},
    {"hidden_activation", kText & ~kGemma, silu, "silu"},
    {"hidden_act", kGemma, gelu_tanh, "gelu_pytorch_tanh"},
    {"hidden_activation", kGemma, gelu_tanh, "gelu_pytorch_tanh"},
    {"swiglu_limit", kGptOss, seven, "7"},
    {"swiglu_alpha", kGptOss, swiglu_alpha, "1.702"},
    {"attention_bias", kGptOss, on, "true"},
    {"mlp_bias", kText & ~kLlama & ~kSmolLm3, off, "false"},
    {"num_experts", kText & ~kQwen3Moe & ~kGemma4 & ~kHybrid, off, "0"},
    {"num_local_experts", kText & ~kMixtral & ~kGptOss, off, "0"},
    {"n_routed_experts", kText, off, "0"},
    // Which keys a query sees.
    {"layer_types", kUnwindowed, layers_see_all, "\"full_attention\" for every layer"},
    {"use_sliding_window", kUnwindowed, no_window,
     "false, or a sliding_window as long as the context"},
    {"sliding_window", kLlama, unused_window,
     "none, one as long as the context, or use_sliding_window false"},
    {"attention_chunk_size", kText, off, "none"},
    {"attention_window_size", kText, off, "none"},
    {"is_causal", kText, on, "true"},
    {"use_bidirectional_attention", kText & ~kGemma4, off, "false"},
    {"use_bidirectional_attention", kGemma4, of_pictures, "\"vision\", or none"},
    {"per_layer_config", kText & ~kGemma4, empty, "none: every layer as the others"},
    // What queries, keys and scores go through.
    {"attention_bias", kUnbiased, off, "false"},
    {"qk_norm", kText & ~kQwen3 & ~kGemma & ~kHybrid, off, "false"},
    {"use_qk_norm", kText & ~kQwen3 & ~kGemma & ~kHybrid, off, "false"},
    {"qk_layernorm", kText & ~kQwen3, off, "false"},
    {"qk_norm", kQwen3 | kGemma | kHybrid, on, "true"},
    {"use_qk_norm", kQwen3 | kGemma | kHybrid, on, "true"},
    {"attn_output_gate", kHybrid, on, "true"},
    {"clip_qkv", kText, off, "none"},
    {"attention_multiplier", kText, usual_scale, "1 / sqrt(head size)"},
    {"query_pre_attn_scalar", kText & ~kGemma3, head_size, "the head size"},
    {"attn_logit_softcapping", kText, off, "none"},
    {"attn_temperature_tuning", kText, off, "false"},
    // Positions.
    {"partial_rotary_factor", kText & ~kPhi3 & ~kHybrid, one, "1"},
    {"rotary_pct", kText, one, "1"},
    {"rope_pct", kText, one, "1"},
    {"rotary_dim", kText, head_size, "the head size"},
    {"rope_traditional", kText, off, "false"},
    {"rope_interleaved", kText, off, "false"},
    {"no_rope_layers", kText & ~kSmolLm3, every_layer_rotates, "1 for every layer"},
    {"no_rope_layer_interval", kText & ~kSmolLm3, off, "none"},
    {"position_embedding_type", kText, rotary, "rope"},
    {"alibi", kText, off, "false"},
    {"use_alibi", kText, off, "false"},
    // From embedding to logits.
    {"embedding_multiplier", kText, one, "1"},
    {"residual_multiplier", kText, one, "1"},
    {"logits_scaling", kText, one, "1"},
    {"logit_scale", kText, one, "1"},
    {"scale_emb", kText, one, "1"},
    {"final_logit_softcapping", kText & ~kGemma, off, "none"},
    {"use_parallel_residual", kText, off, "false"},
    {"parallel_attn", kText, off, "false"},
    {"use_final_norm", kText, on, "true"},
    // The vision tower.
    {"hidden_act", kTower, gelu_tanh, "gelu_pytorch_tanh"},
    {"layer_norm_eps", kTower, vision_eps, "1e-6"},
    {"num_attention_heads", kTower, heads, "num_heads"},
    {"num_hidden_layers", kTower, layers, "depth"},
    {"head_dim", kTower, head_size, "hidden_size / num_heads"},
    {"rope_parameters", kTower, rope_of_the_tower, "axial with rope_theta 10000"},
    {"rope_scaling", kTower, rope_of_the_tower, "axial with rope_theta 10000"},
};

// Of rope_scaling or rope_parameters.
constexpr Member kRopeMembers[] = {
    {"partial_rotary_factor", kText & ~kPhi3 & ~kHybrid, one, "1"},
    {"llama_4_scaling_beta", kText & ~kMinistral3, off, "none"},
    {"rope_type", kPhi3, long_or_plain, "longrope"},
    {"type", kPhi3, long_or_plain, "longrope"},
    {"short_mscale", kText, off, "none"},
    {"long_mscale", kText, off, "none"},
    {"mrope_interleaved", kQwen3VlText | kHybrid, on, "true"},
};

[[noreturn]] void refuse(const json::Node& value, std::string_view supported) {
  std::string shown = value.is_number() ? json::number(value.as_double()) : value.dump();
  if (shown.size() > kValueShownMax) shown = shown.substr(0, kValueShownMax) + "...";
  value.fail("is " + shown + ", which is not supported for this architecture; supported: " +
             std::string(supported));
}

template <std::size_t kCount>
void refuse_of(const Member (&members)[kCount], const json::Node& config, Part part,
               const PartSizes& sizes) {
  for (const Member& member : members) {
    if ((member.parts & static_cast<unsigned>(part)) == 0) continue;
    const auto value = config.get(member.name);
    if (value && !member.computed({*value, config, sizes})) refuse(*value, member.supported);
  }
}

}  // namespace

void refuse_variants(const json::Node& config, Part part, const PartSizes& sizes) {
  refuse_of(kMembers, config, part, sizes);
  if ((static_cast<unsigned>(part) & (kTower | kGemma)) != 0) return;  // of each kind of layer
  for (const std::string_view name : {"rope_scaling", "rope_parameters"}) {
    const auto rope = config.get(name);
    if (!rope) continue;
    refuse_of(kRopeMembers, *rope, part, sizes);
    // As transformers writes what differs from layer to layer.
    for (const auto& [member, value] : rope->members())
      if (value.is_object()) refuse(value, "the same positions in every layer");
  }
}

}  // namespace sanctum::models
