#include "catalog/memory_prediction.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::catalog {
namespace {

// Held to the engine by tests/engine/test_memory_predicted.py.
constexpr const char* kConfig =
    R"({"model_type":"qwen3","hidden_size":256,"num_hidden_layers":3,"num_attention_heads":8,)"
    R"("num_key_value_heads":2,"head_dim":48,"max_position_embeddings":1000})";

std::vector<convert::StoredTensor> weights(const std::string& dtype) {
  return {{"model.embed_tokens.weight", dtype, {10, 4}, 0, 80},
          {"lm_head.weight", dtype, {10, 4}, 80, 80},
          {"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {4}, 160, 16}};
}

MemoryPrediction of(const std::string& config, const std::string& dtype,
                    KvForm form = KvForm::kStored) {
  const json::Document document(config);
  return predict_memory(document.root(), weights(dtype), form);
}

TEST(MemoryPrediction, HeadsArePaddedAndNumbersAreAsStored) {
  EXPECT_EQ(of(kConfig, "BF16").token_bytes(), 2u * 3 * 2 * 64 * 2);
  EXPECT_EQ(of(kConfig, "F32").token_bytes(), 2u * 3 * 2 * 64 * 4);
  EXPECT_EQ(of(kConfig, "BF16", KvForm::kInt8).token_bytes(), 2u * 3 * 2 * (64 + 2 * 2));
  EXPECT_EQ(of(kConfig, "F16").stored_as, "float16");
}

TEST(MemoryPrediction, WhatIsNotReadTakesNothing) {
  EXPECT_EQ(of(kConfig, "BF16").weight_bytes, 160u);
  std::string tied = kConfig;
  tied.insert(1, R"("tie_word_embeddings":true,)");
  EXPECT_EQ(of(tied, "BF16").weight_bytes, 80u);
}

TEST(MemoryPrediction, WhatIsNoMatrixIsKeptAsFloat32) {
  const json::Document config(kConfig);
  const std::vector<convert::StoredTensor> stored{
      {"model.embed_tokens.weight", "BF16", {10, 4}, 0, 80},
      {"model.norm.weight", "BF16", {4}, 80, 8},
      {"patch.weight", "F16", {1, 1, 1, 2, 2}, 88, 8}};
  EXPECT_EQ(predict_memory(config.root(), stored, KvForm::kStored).weights_memory, 80u + 16 + 16);
}

TEST(MemoryPrediction, AContextIsWholeBlocks) {
  const auto memory = of(kConfig, "BF16");
  const auto token = memory.token_bytes();
  EXPECT_EQ(memory.sequence_bytes(1), 64 * token);
  EXPECT_EQ(memory.sequence_bytes(65), 128 * token);
  EXPECT_EQ(memory.tokens_within(127 * token), 64);
  EXPECT_EQ(memory.tokens_within(128 * token), 128);
  EXPECT_EQ(memory.tokens_within(0), 0);
  EXPECT_EQ(memory.tokens_within(1024 * token), 1000) << "the model's own";
}

TEST(MemoryPrediction, KindsThatRememberLessCountLess) {
  MemoryPrediction memory;
  memory.context_tokens = 1024;
  memory.kinds = {
      {"full attention", 1, 10, 0, 0}, {"window", 5, 50, 128, 0}, {"recurrent", 2, 0, 0, 7}};
  EXPECT_EQ(memory.sequence_bytes(64), 64u * 60 + 7);
  EXPECT_EQ(memory.sequence_bytes(1024), 1024u * 10 + 128 * 50 + 7);
  EXPECT_EQ(memory.tokens_within(1024 * 10 + 128 * 50 + 6), 960);
}

LayerKind kind_of(const std::string& config, const std::string& name) {
  const json::Document document(config);
  for (const LayerKind& kind : layer_kinds(document.root(), "bfloat16", KvForm::kStored))
    if (kind.name == name) return kind;
  return {};
}

TEST(LayerKinds, AreAsTheArchitectureHasThem) {
  const std::string sizes =
      R"("hidden_size":256,"num_hidden_layers":7,"num_attention_heads":8,"num_key_value_heads":2,)"
      R"("head_dim":32,"max_position_embeddings":4096,)";
  const auto layers = [&](const std::string& members, const char* name) {
    return kind_of("{" + sizes + members + "}", name).layers;
  };
  EXPECT_EQ(layers(R"("model_type":"llama")", "full attention"), 7);
  const char* gemma = R"("model_type":"gemma3_text","sliding_window":512)";
  EXPECT_EQ(layers(gemma, "full attention"), 1);
  EXPECT_EQ(layers(gemma, "sliding window"), 6);
  EXPECT_EQ(layers(R"("model_type":"gpt_oss","sliding_window":128)", "sliding window"), 4);
  EXPECT_EQ(layers(R"("model_type":"mistral","sliding_window":512)", "sliding window"), 7);
  EXPECT_EQ(layers(R"("model_type":"mistral","sliding_window":4096)", "sliding window"), 0);
  EXPECT_EQ(layers(R"("model_type":"qwen3","sliding_window":512,"use_sliding_window":false)",
                   "sliding window"),
            0);
  const char* hybrid = R"("model_type":"qwen3_5_text","linear_num_key_heads":2,
      "linear_num_value_heads":4,"linear_key_head_dim":16,"linear_value_head_dim":32,
      "linear_conv_kernel_dim":4)";
  EXPECT_EQ(layers(hybrid, "full attention"), 1);
  EXPECT_EQ(layers(hybrid, "recurrent state"), 6);
  EXPECT_EQ(kind_of("{" + sizes + hybrid + "}", "recurrent state").sequence_bytes,
            6u * 4 * (4 * 32 * 16 + 3 * (2 * 2 * 16 + 4 * 32)));
}

TEST(LayerKinds, OfGemma4DifferInHeadsAndTheLastRememberNothing) {
  const std::string config = R"({"model_type":"gemma4_text","num_hidden_layers":12,"hidden_size":8,
      "num_attention_heads":8,"num_key_value_heads":4,"head_dim":32,"sliding_window":512,
      "attention_k_eq_v":true,"num_global_key_value_heads":2,"num_kv_shared_layers":6})";
  EXPECT_EQ(kind_of(config, "full attention").token_bytes, 2u * 2 * 512 * 2);
  EXPECT_EQ(kind_of(config, "sliding window").token_bytes, 5u * 2 * 4 * 32 * 2);
}

TEST(MemoryPrediction, AMissingMemberIsNamed) {
  EXPECT_THROW(of(R"({"num_hidden_layers":3})", "BF16"), Error);
}

}  // namespace
}  // namespace sanctum::catalog
