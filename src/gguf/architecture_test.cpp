#include "gguf/architecture.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::gguf {
namespace {

std::string name_in(const char* of, const std::string& tensor) {
  const auto place = place_of(architecture("f", of), "f", tensor, 4);
  return place ? place->name : "";
}

void refused(const char* of, const std::string& tensor, const std::string& word) {
  try {
    name_in(of, tensor);
    ADD_FAILURE() << "accepted " << tensor;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    EXPECT_EQ(error.field(), tensor);
  }
}

TEST(Architecture, NamesAreThoseOfMlx) {
  EXPECT_EQ(name_in("llama", "token_embd.weight"), "model.embed_tokens.weight");
  EXPECT_EQ(name_in("llama", "output_norm.weight"), "model.norm.weight");
  EXPECT_EQ(name_in("llama", "output.weight"), "lm_head.weight");
  EXPECT_EQ(name_in("llama", "blk.3.attn_q.weight"), "model.layers.3.self_attn.q_proj.weight");
  EXPECT_EQ(name_in("qwen2", "blk.0.attn_k.bias"), "model.layers.0.self_attn.k_proj.bias");
  EXPECT_EQ(name_in("qwen3", "blk.1.attn_q_norm.weight"), "model.layers.1.self_attn.q_norm.weight");
  EXPECT_EQ(name_in("gemma3", "blk.1.ffn_norm.weight"),
            "model.layers.1.pre_feedforward_layernorm.weight");
  EXPECT_EQ(name_in("phi3", "blk.1.ffn_up.weight"), "model.layers.1.mlp.gate_up_proj.weight");
  EXPECT_EQ(name_in("gpt-oss", "blk.1.attn_sinks.weight"), "model.layers.1.self_attn.sinks");
  EXPECT_EQ(name_in("gpt-oss", "blk.1.ffn_up_exps.bias"),
            "model.layers.1.mlp.experts.up_proj.bias");
  EXPECT_EQ(name_in("qwen3moe", "blk.1.ffn_down_exps.weight"),
            "model.layers.1.mlp.switch_mlp.down_proj.weight");
  EXPECT_EQ(name_in("llama", "rope_freqs.weight"), "") << "config.json stands for it";
}

TEST(Architecture, OnlySomeKeepRowsInPairsAndNormsPlusOne) {
  const auto place = [](const char* of, const char* tensor) {
    return *place_of(architecture("f", of), "f", tensor, 4);
  };
  EXPECT_EQ(place("llama", "blk.0.attn_q.weight").rows, Rows::kQueryPairs);
  EXPECT_EQ(place("smollm3", "blk.0.attn_k.weight").rows, Rows::kKeyPairs);
  EXPECT_EQ(place("llama", "blk.0.attn_v.weight").rows, Rows::kSame);
  EXPECT_EQ(place("qwen3", "blk.0.attn_q.weight").rows, Rows::kSame);
  EXPECT_TRUE(place("gemma3", "blk.0.attn_q_norm.weight").norm);
  EXPECT_TRUE(place("gemma3", "output_norm.weight").norm);
  EXPECT_FALSE(place("gemma3", "blk.0.attn_q.weight").norm);
  EXPECT_FALSE(place("qwen3", "output_norm.weight").norm);
}

TEST(Architecture, WhatIsUnknownIsNamed) {
  refused("llama", "blk.4.attn_q.weight", "block_count of 4");
  refused("llama", "blk.0.attn_q_norm.weight", "belongs to nothing that llama has");
  refused("llama", "blk.x.attn_q.weight", "belongs to nothing");
  refused("llama", "blk.-1.attn_q.weight", "belongs to nothing");
  refused("llama", "v.patch_embd.weight", "belongs to nothing");
  refused("llama", "token_embd", "belongs to nothing");
  refused("qwen3moe", "blk.0.ffn_gate_up_exps.weight", "belongs to nothing that qwen3moe has");
  refused("llama", "blk.0.attn_q.scale", "belongs to nothing");
  try {
    architecture("f.gguf", "mamba");
    ADD_FAILURE();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("'mamba'"), std::string::npos) << message;
    EXPECT_NE(message.find("llama, mistral, qwen2, qwen3, qwen3moe"), std::string::npos) << message;
    EXPECT_EQ(error.field(), "general.architecture");
  }
}

}  // namespace
}  // namespace sanctum::gguf
