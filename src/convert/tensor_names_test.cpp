#include "convert/tensor_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "convert/convert_model.h"

namespace sanctum::convert {
namespace {

using testing::HasSubstr;

StoredTensor stored(const std::string& name, std::vector<std::uint64_t> shape = {4, 2}) {
  return {name, "BF16", std::move(shape)};
}

std::vector<NamedTensor> named_tensors(const std::vector<StoredTensor>& tensors,
                                       const std::string& architecture, bool tied = false) {
  const json::Document config(tied ? R"({"tie_word_embeddings":true})" : "{}");
  return named_tensors(tensors, family_of(architecture), config.root()).tensors;
}

std::string refusal(const std::vector<StoredTensor>& tensors, const std::string& architecture) {
  try {
    named_tensors(tensors, architecture);
  } catch (const Error& error) {
    return error.what();
  }
  return "taken";
}

TEST(TensorNames, ExpertsAreStackedInTheOrderOfTheirNumbers) {
  std::vector<StoredTensor> tensors;
  tensors.reserve(13);
  for (int expert = 0; expert < 12; ++expert)
    tensors.push_back(
        stored("model.layers.1.mlp.experts." + std::to_string(expert) + ".up_proj.weight"));
  std::swap(tensors[3], tensors[11]);
  tensors.push_back(stored("model.norm.weight", {2}));
  const auto named = named_tensors(tensors, "qwen3_moe");
  ASSERT_EQ(named.size(), 2u);
  EXPECT_EQ(named[0].name, "model.layers.1.mlp.switch_mlp.up_proj.weight");
  EXPECT_EQ(named[0].path(), "model.layers.1.mlp.switch_mlp.up_proj");
  EXPECT_EQ(named[0].shape, (std::vector<std::uint64_t>{12, 4, 2}));
  EXPECT_EQ(named[0].parts[10].tensor->name, "model.layers.1.mlp.experts.10.up_proj.weight");
  EXPECT_TRUE(named[0].is_matrix());
  EXPECT_FALSE(named[1].is_matrix());
  tensors.erase(tensors.begin());
  EXPECT_THAT(refusal(tensors, "qwen3_moe"), HasSubstr("expert 0 is missing"));
  tensors.insert(tensors.begin(), stored("model.layers.1.mlp.experts.0.up_proj.weight", {4, 3}));
  EXPECT_THAT(refusal(tensors, "qwen3_moe"), HasSubstr("not like the experts"));
}

// The last ones were not missed.
TEST(TensorNames, ExpertsAreAsManyAsTheConfigurationSays) {
  std::vector<StoredTensor> tensors;
  tensors.reserve(3);
  for (int expert = 0; expert < 3; ++expert)
    tensors.push_back(
        stored("model.layers.1.block_sparse_moe.experts." + std::to_string(expert) + ".w1.weight"));
  const auto made_with = [&](const char* config) {
    const json::Document document(config);
    return named_tensors(tensors, family_of("mixtral"), document.root()).tensors.size();
  };
  EXPECT_EQ(made_with(R"({"num_local_experts":3})"), 1u);
  EXPECT_EQ(made_with("{}"), 1u);
  try {
    made_with(R"({"num_local_experts":4})");
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    EXPECT_THAT(error.what(), HasSubstr("there are 3 experts, where config.json's "
                                        "num_local_experts is 4"));
  }
}

TEST(TensorNames, ExpertsThatAreNoMatricesAreRefused) {
  const std::string name = "model.layers.1.mlp.experts.0.up_proj.weight";
  for (const std::vector<std::uint64_t>& shape : {std::vector<std::uint64_t>{2, 4, 2}, {}})
    EXPECT_THAT(refusal({stored(name, shape)}, "qwen3_moe"), HasSubstr("an expert's have 1 or 2"));
  EXPECT_THAT(
      refusal({stored(name), stored("model.layers.1.mlp.experts.00.up_proj.weight")}, "qwen3_moe"),
      HasSubstr("stored twice"));
}

TEST(TensorNames, WhatIsStackedAlreadyKeepsItsShape) {
  const std::vector<StoredTensor> tensors{
      stored("model.layers.1.mlp.switch_mlp.up_proj.bias", {4, 2}),
      stored("model.layers.1.mlp.switch_mlp.up_proj.weight", {4, 2, 8})};
  const auto named = named_tensors(tensors, "qwen3_moe");
  EXPECT_EQ(named[0].shape, (std::vector<std::uint64_t>{4, 2}));
  EXPECT_EQ(named[1].shape, (std::vector<std::uint64_t>{4, 2, 8}));
}

TEST(TensorNames, ExpertsInAnotherFormAreRefusedByName) {
  const std::string together = "model.layers.1.mlp.experts.gate_up_proj";
  EXPECT_THAT(refusal({stored(together, {4, 6, 2})}, "qwen3_moe"),
              AllOf(HasSubstr(together), HasSubstr("experts.0.gate_proj.weight")));
}

TEST(TensorNames, WhatIsComputedOrTiedIsLeftOut) {
  const std::vector<StoredTensor> tensors{stored("lm_head.weight"),
                                          stored("model.layers.0.self_attn.rotary_emb.inv_freq")};
  EXPECT_EQ(named_tensors(tensors, "llama").size(), 1u);
  EXPECT_EQ(named_tensors(tensors, "llama", true).size(), 0u);
}

TEST(TensorNames, OtherArchitecturesAreRefusedByName) {
  EXPECT_THAT(refusal({}, "mamba"), AllOf(HasSubstr("'mamba'"), HasSubstr("qwen3_moe")));
}

TEST(Patterns, AStarIsAnything) {
  const std::string path = "model.layers.12.mlp.down_proj";
  for (const char* fitting : {"down_proj", "layers.12.", "layers.*.down", "*", "model*12*proj", ""})
    EXPECT_TRUE(fits(fitting, path)) << fitting;
  for (const char* other : {"up_proj", "layers.1.", "down*layers", "model**x"})
    EXPECT_FALSE(fits(other, path)) << other;
}

}  // namespace
}  // namespace sanctum::convert
