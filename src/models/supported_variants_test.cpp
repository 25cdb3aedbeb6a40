#include "models/supported_variants.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::models {
namespace {

// "accepted", or the member that the error names; its message must show the value, too.
std::string verdict(Part part, const std::string& members) {
  const json::Document document("{" + members + "}", "config.json");
  try {
    refuse_variants(document.root(), part, {.layers = 4, .heads = 8, .head_size = 64});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    std::string what = error.what();
    EXPECT_NE(what.find("supported: "), std::string::npos) << what;
    return error.field().substr(std::string("config.json.").size());
  }
  return "accepted";
}

constexpr Part kTexts[] = {Part::kLlama,       Part::kQwen2,      Part::kQwen3,
                           Part::kQwen3VlText, Part::kMinistral3, Part::kSmolLm3,
                           Part::kPhi3,        Part::kMixtral,    Part::kQwen3Moe};
// What single architectures have, and the others refuse.
bool has(Part part, const std::string& field) {
  const bool slides = part != Part::kLlama && part != Part::kQwen3VlText && part != Part::kSmolLm3;
  return ((field == "layer_types" || field == "use_sliding_window") && slides) ||
         (field == "num_experts" && part == Part::kQwen3Moe) ||
         (field == "num_local_experts" && part == Part::kMixtral) ||
         (field == "no_rope_layers" && part == Part::kSmolLm3) ||
         (field.ends_with("partial_rotary_factor") && part == Part::kPhi3);
}

TEST(Variants, WhatNoArchitectureHereComputesIsRefusedByName) {
  const std::pair<const char*, const char*> refused[] = {
      {"hidden_act", R"("hidden_act": "gelu")"},
      {"hidden_act", R"("hidden_act": "relu2")"},
      {"hidden_act", R"("hidden_act": 7)"},
      {"hidden_activation", R"("hidden_activation": "gelu_pytorch_tanh")"},
      {"num_experts", R"("num_experts": 8)"},
      {"num_local_experts", R"("num_local_experts": 1)"},
      {"layer_types", R"("layer_types": ["full_attention", "sliding_attention"])"},
      {"layer_types", R"("layer_types": ["linear_attention"])"},
      {"layer_types", R"("layer_types": ["sliding_attention"], "sliding_window": 512,
                         "max_position_embeddings": 4096)"},
      {"use_sliding_window", R"("use_sliding_window": true)"},
      {"use_sliding_window", R"("use_sliding_window": true, "sliding_window": 512,
                                "max_position_embeddings": 4096)"},
      {"use_sliding_window", R"("use_sliding_window": true, "sliding_window": 512,
                                "max_position_embeddings": 4096, "max_window_layers": 3)"},
      {"attention_chunk_size", R"("attention_chunk_size": 8192)"},
      {"is_causal", R"("is_causal": false)"},
      {"use_bidirectional_attention", R"("use_bidirectional_attention": true)"},
      {"attention_multiplier", R"("attention_multiplier": 0.5)"},
      {"query_pre_attn_scalar", R"("query_pre_attn_scalar": 256)"},
      {"attn_logit_softcapping", R"("attn_logit_softcapping": 50.0)"},
      {"final_logit_softcapping", R"("final_logit_softcapping": 30.0)"},
      {"partial_rotary_factor", R"("partial_rotary_factor": 0.5)"},
      {"rope_scaling.partial_rotary_factor",
       R"("rope_scaling": {"rope_type": "default", "partial_rotary_factor": 0.25})"},
      {"rope_parameters.partial_rotary_factor",
       R"("rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.25})"},
      {"rope_parameters.full_attention",
       R"("rope_parameters": {"full_attention": {"rope_theta": 1e6}})"},
      {"rotary_dim", R"("rotary_dim": 32)"},
      {"rope_traditional", R"("rope_traditional": true)"},
      {"rope_interleaved", R"("rope_interleaved": true)"},
      {"no_rope_layers", R"("no_rope_layers": [1, 1, 1, 0])"},
      {"position_embedding_type", R"("position_embedding_type": "absolute")"},
      {"embedding_multiplier", R"("embedding_multiplier": 12.0)"},
      {"residual_multiplier", R"("residual_multiplier": 0.22)"},
      {"logits_scaling", R"("logits_scaling": 8)"},
      {"logit_scale", R"("logit_scale": 0.0625)"},
      {"use_final_norm", R"("use_final_norm": false)"},
  };
  for (const auto& [field, members] : refused)
    for (const Part part : kTexts)
      EXPECT_EQ(verdict(part, members), has(part, field) ? "accepted" : field)
          << members << ", " << static_cast<unsigned>(part);
}

TEST(Variants, WhatEqualsOurArithmeticIsAccepted) {
  const char* accepted[] = {
      R"("hidden_act": "silu", "rope_traditional": false, "rope_interleaved": false)",
      R"("hidden_act": "swish", "sliding_window": null, "layer_types": null)",
      R"("layer_types": ["full_attention", "full_attention"], "sliding_window": 512)",
      R"("layer_types": ["sliding_attention"], "sliding_window": 4096,
         "max_position_embeddings": 4096)",
      R"("use_sliding_window": false, "sliding_window": 512, "max_window_layers": 2)",
      R"("use_sliding_window": true, "sliding_window": 512, "max_window_layers": 4)",
      R"("use_sliding_window": true, "sliding_window": 4096, "max_position_embeddings": 4096)",
      R"("sliding_window": 8192, "max_position_embeddings": 4096)",
      R"("partial_rotary_factor": 1.0, "rotary_dim": 64, "position_embedding_type": "rope")",
      R"("attention_multiplier": 0.125, "query_pre_attn_scalar": 64, "logits_scaling": 1)",
      R"("num_experts": 0, "attn_logit_softcapping": null, "no_rope_layers": [1, 1, 1, 1])",
      R"("attention_bias": false, "mlp_bias": false, "is_causal": true, "pretraining_tp": 2)",
  };
  for (const char* members : accepted)
    for (const Part part : kTexts) EXPECT_EQ(verdict(part, members), "accepted") << members;
}

TEST(Variants, SomeAreOneArchitecturesAndNotAnothers) {
  const char* bias = R"("attention_bias": true)";
  EXPECT_EQ(verdict(Part::kLlama, bias), "accepted");
  EXPECT_EQ(verdict(Part::kQwen3, bias), "attention_bias");
  EXPECT_EQ(verdict(Part::kQwen3VlText, R"("mlp_bias": true)"), "mlp_bias");
  EXPECT_EQ(verdict(Part::kLlama, R"("qk_norm": true)"), "qk_norm");
  EXPECT_EQ(verdict(Part::kQwen3, R"("qk_norm": true)"), "accepted");
  EXPECT_EQ(verdict(Part::kQwen3, R"("qk_norm": false)"), "qk_norm");
  // Qwen3's is unused unless use_sliding_window is true.
  const char* window = R"("sliding_window": 512, "max_position_embeddings": 4096)";
  EXPECT_EQ(verdict(Part::kLlama, window), "sliding_window");
  for (const Part part : {Part::kQwen2, Part::kQwen3, Part::kSmolLm3})
    EXPECT_EQ(verdict(part, window), "accepted");
  EXPECT_EQ(verdict(Part::kPhi3, window), "accepted") << "it is read";
  const char* sections = R"("rope_scaling": {"mrope_interleaved": false})";
  EXPECT_EQ(verdict(Part::kQwen3VlText, sections), "rope_scaling.mrope_interleaved");
  EXPECT_EQ(verdict(Part::kLlama, sections), "accepted");
}

TEST(Variants, AVisionTowersAreItsOwn) {
  const auto tower = [](const char* members) { return verdict(Part::kVisionTower, members); };
  EXPECT_EQ(tower(R"("hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6)"), "accepted");
  EXPECT_EQ(tower(R"("hidden_act": "gelu")"), "hidden_act");
  EXPECT_EQ(tower(R"("hidden_act": "quick_gelu")"), "hidden_act");
  EXPECT_EQ(tower(R"("layer_norm_eps": 1e-5)"), "layer_norm_eps");
  EXPECT_EQ(tower(R"("num_attention_heads": 8, "num_hidden_layers": 4)"), "accepted");
  EXPECT_EQ(tower(R"("num_attention_heads": 4)"), "num_attention_heads");
  EXPECT_EQ(tower(R"("rope_parameters": {"rope_type": "axial", "rope_theta": 10000.0})"),
            "accepted");
  EXPECT_EQ(tower(R"("rope_parameters": {"rope_type": "axial", "rope_theta": 100.0})"),
            "rope_parameters");
  EXPECT_EQ(tower(R"("rope_parameters": {"rope_type": "yarn"})"), "rope_parameters");
}

}  // namespace
}  // namespace sanctum::models
