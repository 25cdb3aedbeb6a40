// Concurrency changes nothing for models whose layers do not all remember every token either:
// windows, recurrent states, mixtures of experts, layers that attend to another's memory.
#include <gtest/gtest.h>

#include "engine/random_model.h"
#include "engine/test_schedules.h"

namespace sanctum::engine {
namespace {

using namespace random_layers;

// Two layers of three with a state, a mixture with an expert that all rows take.
RandomShape tiny_qwen3_next() {
  const Tensors mixture =
      Tensors{{"mlp.gate.weight", {6, 64}}, {"mlp.shared_expert_gate.weight", {1, 64}}} +
      experts("mlp.switch_mlp", 6, 32) + mlp("mlp.shared_expert", 64);
  const RandomLayer state{Tensors{{"linear_attn.in_proj_qkvz.weight", {2 * 32 + 2 * 128, 64}},
                                  {"linear_attn.in_proj_ba.weight", {8, 64}},
                                  {"linear_attn.conv1d.weight", {2 * 32 + 128, 4, 1}},
                                  {"linear_attn.A_log", {4}},
                                  {"linear_attn.dt_bias", {4}},
                                  {"linear_attn.norm.weight", {32}},
                                  {"linear_attn.out_proj.weight", {64, 128}}} +
                          mixture + norms()};
  const RandomLayer full{attention(2 * 64, 32) + output(64) + head_norms(16) + mixture + norms()};
  return {R"({"model_type":"qwen3_next","hidden_size":64,"num_hidden_layers":3,
      "intermediate_size":128,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,
      "vocab_size":64,"rms_norm_eps":1e-5,"rope_theta":10000,"partial_rotary_factor":0.5,
      "hidden_act":"silu","tie_word_embeddings":true,"max_position_embeddings":4096,
      "linear_num_value_heads":4,"linear_num_key_heads":2,"linear_key_head_dim":16,
      "linear_value_head_dim":32,"linear_conv_kernel_dim":4,"full_attention_interval":3,
      "num_experts":6,"num_experts_per_tok":2,"moe_intermediate_size":32,"norm_topk_prob":true,
      "shared_expert_intermediate_size":64,"decoder_sparse_step":1})",
          "model.",
          {state, state, full}};
}

// A window, a layer that sees all, and one of each kind that remembers nothing.
RandomShape tiny_gemma4() {
  const Tensors behind = mlp() + gemma_norms() + Tensors{{"layer_scalar", {1}}};
  const RandomLayer window{attention(64, 32) + output(64) + head_norms(16) + behind};
  const RandomLayer full{attention(128, 64) + output(128) + head_norms(32) + behind};
  const auto sharing = [&](int q, int size) {
    return RandomLayer{
        Tensors{{"self_attn.q_proj.weight", {q, 64}}, {"self_attn.q_norm.weight", {size}}} +
        output(q) + behind};
  };
  return {R"({"model_type":"gemma4_text","hidden_size":64,"num_hidden_layers":4,
      "intermediate_size":128,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,
      "global_head_dim":32,"vocab_size":64,"rms_norm_eps":1e-5,"tie_word_embeddings":true,
      "max_position_embeddings":4096,"sliding_window":100,"num_kv_shared_layers":2,
      "use_double_wide_mlp":false,"hidden_size_per_layer_input":0,"final_logit_softcapping":30,
      "layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"]})",
          "model.",
          {window, full, sharing(64, 16), sharing(128, 32)}};
}

void compare_schedules(const RandomShape& shape, unsigned schedules) {
  const RandomModel tiny(shape);
  const KnownRequests requests(tiny.description(), nn::cpu_backend({.threads = 2}),
                               random_prompts());
  const int least = (requests.longest_prompt() + kTokensMax + 63) / 64;
  std::vector<int> blocks;
  for (int room = least; room <= least + 8; ++room) blocks.insert(blocks.end(), {room, kPlenty});
  for (unsigned seed = 1; seed <= schedules; ++seed) {
    std::mt19937 random(seed);
    const auto asked = draw_schedule(requests, random, 20, blocks);
    ASSERT_FALSE(testing::Test::HasFailure()) << "schedule " << seed;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      ASSERT_EQ(asked[i].answer, expected(requests, asked[i]))
          << "schedule " << seed << ", request " << i << " of kind " << asked[i].kind;
    }
  }
}

unsigned schedules() {
  return kSanitized ? 1 : proving() ? 300 : 10;
}

TEST(EndsSchedule, ChangesNoAnswerOfAHybridWithExperts) {
  compare_schedules(tiny_qwen3_next(), schedules());
}

TEST(EndsSchedule, ChangesNoAnswerOfWindowsAndSharedMemories) {
  compare_schedules(tiny_gemma4(), schedules());
}

}  // namespace
}  // namespace sanctum::engine
