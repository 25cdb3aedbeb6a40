#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "convert/tensor_names.h"

namespace sanctum::convert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Shape = std::vector<std::uint64_t>;

StoredTensor stored(const std::string& name, Shape shape = {4, 64},
                    const std::string& dtype = "BF16") {
  return {name, dtype, std::move(shape)};
}

class Families : public testing::Test {
 protected:
  const Names& named(const std::string& model_type, std::vector<StoredTensor> tensors,
                     const std::string& config = "{}") {
    stored_ = std::move(tensors);
    const json::Document document(config);
    names_ = named_tensors(stored_, family_of(model_type), document.root());
    return names_;
  }
  std::vector<std::string> names(const std::string& model_type, std::vector<StoredTensor> tensors,
                                 const std::string& config = "{}") {
    std::vector<std::string> all;
    for (const auto& tensor : named(model_type, std::move(tensors), config).tensors)
      all.push_back(tensor.name);
    return all;
  }
  std::string refusal(const std::string& model_type, const StoredTensor& tensor) {
    try {
      named(model_type, {tensor});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalid);
      EXPECT_THAT(error.what(), HasSubstr(tensor.name));
      return error.what();
    }
    return "taken";
  }
  std::vector<StoredTensor> stored_;
  Names names_;
};

TEST_F(Families, WrappersAreUnwrappedAsMlxLmDoesAndTowersLeftOut) {
  EXPECT_THAT(
      names("mistral3", {stored("lm_head.weight"), stored("model.language_model.norm.w"),
                         stored("model.vision_tower.x"), stored("multi_modal_projector.y")}),
      ElementsAre("language_model.lm_head.weight", "language_model.model.norm.w"));
  EXPECT_THAT(names_.left_out, ElementsAre(Pair(std::string(kTowers), 2u)));
  EXPECT_THAT(names("mistral3", {stored("language_model.model.norm.w")}),
              ElementsAre("language_model.model.norm.w"));
  EXPECT_THAT(names("qwen3_vl", {stored("model.visual.x"), stored("model.language_model.norm.w")}),
              ElementsAre("language_model.model.norm.w"));
  EXPECT_THAT(names("gemma4", {stored("model.language_model.norm.w"), stored("model.audio_tower.x"),
                               stored("language_model.model.norm.v")}),
              ElementsAre("language_model.model.norm.v", "language_model.model.norm.w"));
  EXPECT_THAT(names("gemma3", {stored("language_model.model.norm.w"), stored("vision_tower.x")}),
              ElementsAre("language_model.model.norm.w"));
  EXPECT_THAT(names("qwen3_5", {stored("lm_head.weight"), stored("model.language_model.norm.w"),
                                stored("mtp.fc.weight"), stored("model.visual.x")}),
              ElementsAre("language_model.lm_head.weight", "language_model.model.norm.w"));
}

TEST_F(Families, ATiedHeadIsLeftOutWhereMlxLmDoes) {
  const std::vector<StoredTensor> head{stored("lm_head.weight")};
  const char* tied = R"({"text_config":{"tie_word_embeddings":true}})";
  EXPECT_TRUE(names("mistral3", head, tied).empty());
  EXPECT_EQ(names("mistral3", head, R"({"tie_word_embeddings":true,"text_config":{}})").size(), 1u);
  EXPECT_EQ(names("gemma3_text", head, R"({"tie_word_embeddings":true})").size(), 1u);
}

TEST_F(Families, FiltersAndNormsOfTheHybridsAreChangedWhereTheyArePublished) {
  const std::vector<StoredTensor> both{
      stored("language_model.model.layers.0.conv1d.weight", {8, 1, 4}),
      stored("language_model.model.layers.0.norm.weight", {8}),
      stored("language_model.model.norm.weight", {8})};
  for (const char* type : {"qwen3_5", "qwen3_5_moe"}) {
    const auto& tensors = named(type, both).tensors;
    EXPECT_EQ(tensors[0].shape, (Shape{8, 4, 1}));
    EXPECT_FALSE(tensors[0].is_matrix());
    EXPECT_FALSE(tensors[1].plus_one) << "one of the delta layer's own";
    EXPECT_TRUE(tensors[2].plus_one);
  }
  auto ours = both;
  ours[0].shape = {8, 4, 1};
  EXPECT_EQ(named("qwen3_5", ours).tensors[0].shape, (Shape{8, 4, 1}));
  EXPECT_FALSE(names_.tensors[2].plus_one);
  const StoredTensor filter = stored("model.layers.0.linear_attn.conv1d.weight", {8, 1, 4});
  EXPECT_THAT(refusal("qwen3_next", filter), HasSubstr("each by itself"));
  EXPECT_EQ(named("qwen3_next", {filter, stored("model.layers.0.mlp.experts.0.up_proj.weight")})
                .tensors[0]
                .shape,
            (Shape{8, 4, 1}));
}

TEST_F(Families, WhatDecaysKeepsItsType) {
  const auto& tensors =
      named("qwen3_5", {stored("a.A_log", {4}), stored("a.dt_bias", {4})}).tensors;
  EXPECT_FALSE(tensors[0].cast);
  EXPECT_TRUE(tensors[1].cast);
}

TEST_F(Families, ExpertsInOneTensorAreParted) {
  const std::string layer = "model.language_model.layers.0.",
                    ours = "language_model.model.layers.0.";
  EXPECT_THAT(names("qwen3_5_moe", {stored(layer + "mlp.experts.gate_up_proj", {3, 4, 64}),
                                    stored(layer + "mlp.experts.down_proj", {3, 64, 2})}),
              ElementsAre(ours + "mlp.switch_mlp.down_proj.weight",
                          ours + "mlp.switch_mlp.gate_proj.weight",
                          ours + "mlp.switch_mlp.up_proj.weight"));
  EXPECT_EQ(names_.tensors[1].shape, (Shape{3, 2, 64}));
  EXPECT_THAT(names("gemma4", {stored(layer + "experts.gate_up_proj", {3, 4, 64}),
                               stored(layer + "experts.down_proj", {3, 64, 2})}),
              ElementsAre(ours + "experts.switch_glu.down_proj.weight",
                          ours + "experts.switch_glu.gate_proj.weight",
                          ours + "experts.switch_glu.up_proj.weight"));
}

TEST_F(Families, BlocksOfMxfp4BecomeWords) {
  const std::string inside = "model.layers.0.mlp.experts.";
  const auto& tensors = named("gpt_oss",
                              {stored(inside + "gate_up_proj_blocks", {3, 4, 2, 16}, "U8"),
                               stored(inside + "gate_up_proj_scales", {3, 4, 2}, "U8"),
                               stored(inside + "gate_up_proj_bias", {3, 4}),
                               stored(inside + "down_proj_blocks", {3, 64, 2, 16}, "U8")},
                              R"({"quantization_config":{"quant_method":"mxfp4"}})")
                            .tensors;
  ASSERT_EQ(tensors.size(), 7u);
  EXPECT_EQ(tensors[0].name, inside + "down_proj.weight");
  EXPECT_EQ(tensors[0].shape, (Shape{3, 64, 8}));
  EXPECT_EQ(tensors[1].name, inside + "gate_proj.bias");
  EXPECT_EQ(tensors[1].shape, (Shape{3, 2}));
  EXPECT_EQ(tensors[2].name, inside + "gate_proj.scales");
  EXPECT_EQ(tensors[2].dtype, "U8");
  EXPECT_EQ(tensors[3].name, inside + "gate_proj.weight");
  EXPECT_EQ(tensors[3].shape, (Shape{3, 2, 8}));
  EXPECT_EQ(tensors[3].dtype, "U32");
  EXPECT_EQ(tensors[6].parts.front().first, 32u) << "the second row";
}

TEST_F(Families, LayersThatTakeKeysOfAnotherHaveNoneOfTheirOwn) {
  const auto layer = [](int number, const char* part) {
    return stored("model.layers." + std::to_string(number) + ".self_attn." + part);
  };
  EXPECT_THAT(
      names("gemma4_text",
            {layer(1, "k_proj.weight"), layer(2, "k_proj.weight"), layer(2, "q_proj.weight"),
             layer(10, "v_proj.weight"), layer(11, "k_norm.weight")},
            R"({"num_hidden_layers":12,"num_kv_shared_layers":10})"),
      ElementsAre("model.layers.1.self_attn.k_proj.weight",
                  "model.layers.2.self_attn.q_proj.weight"));
  EXPECT_EQ(names_.left_out.begin()->second, 3u);
}

TEST_F(Families, WhatMlxLmCannotConvertIsRefusedWithTheReason) {
  EXPECT_THAT(refusal("gemma3", stored("model.language_model.norm.weight")),
              HasSubstr("language_model.model.*"));
  EXPECT_THAT(refusal("gemma4", stored("model.norm.weight")), HasSubstr("mlx_lm takes"));
  EXPECT_THAT(refusal("gpt_oss", stored("model.layers.0.mlp.experts.gate_up_proj", {3, 64, 4})),
              HasSubstr("MXFP4"));
  EXPECT_THAT(refusal("gpt_oss",
                      stored("model.layers.0.mlp.experts.down_proj_blocks", {3, 4, 2, 16}, "U8")),
              HasSubstr("no quantization_config"));
  EXPECT_THAT(
      refusal("gpt_oss", stored("model.layers.0.mlp.experts.down_proj_blocks", {3, 4}, "U8")),
      HasSubstr("4 dimensions"));
  EXPECT_THAT(refusal("qwen3_5_moe", stored("model.layers.0.mlp.experts.0.up_proj.weight")),
              HasSubstr("in one tensor"));
}

TEST_F(Families, RoutersAreThoseOfMlxLm) {
  EXPECT_TRUE(is_router(family_of("gpt_oss"), "model.layers.0.mlp.router"));
  EXPECT_TRUE(is_router(family_of("qwen3_5_moe"), "language_model.model.layers.0.mlp.gate"));
  EXPECT_TRUE(is_router(family_of("qwen3_next"), "model.layers.0.mlp.shared_expert_gate"));
  EXPECT_TRUE(is_router(family_of("gemma4"), "language_model.model.layers.0.router.proj"));
  EXPECT_FALSE(is_router(family_of("qwen3_next"), "model.layers.0.mlp.gate_proj"));
  EXPECT_FALSE(is_router(family_of("llama"), "model.layers.0.mlp.gate"));
}

TEST_F(Families, ConfigurationsAreCompletedAsMlxLmCompletesThem) {
  const auto changed = [](const char* model_type, const char* config) {
    const json::Document document(config);
    Members members = members_of(document.root());
    family_of(model_type).config(members, document.root());
    return object_of(members);
  };
  EXPECT_EQ(
      changed("gemma3", R"({"text_config":{"num_attention_heads":2}})"),
      R"({"text_config":{"num_attention_heads":2,"num_key_value_heads":4,"vocab_size":262208}})");
  EXPECT_EQ(
      changed("gemma4", R"({"text_config":{"vocab_size":3},"vocab_size":5})"),
      R"({"text_config":{"num_attention_heads":8,"num_key_value_heads":1,"vocab_size":5},"vocab_size":5})");
  EXPECT_EQ(changed("mistral3", R"({"text_config":{}})"),
            R"({"text_config":{"tie_word_embeddings":false}})");
  EXPECT_EQ(changed("qwen3_5", R"({"rope_parameters":{"rope_type":"default"}})"),
            R"({"rope_parameters":{"type":"default"}})");
  EXPECT_THROW(changed("mistral3", R"({"text_config":{"model_type":"mistral4"}})"), Error);
}

}  // namespace
}  // namespace sanctum::convert
