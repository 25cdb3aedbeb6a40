// Models of random weights, small, so that thousands of steps take seconds; and prompts for them.
// For tests.
#pragma once

#include <mlx/io.h>
#include <mlx/ops.h>
#include <mlx/random.h>

#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/test_directory.h"
#include "models/registry.h"

namespace sanctum::engine {

inline constexpr int kRandomVocabulary = 64;

// The layers' tensors by their names behind "<body>layers.N."; matrices, or vectors of ones.
struct RandomLayer {
  std::vector<std::pair<std::string, mlx::core::Shape>> tensors;
};
struct RandomShape {
  std::string config;
  std::string body = "model.";
  std::vector<RandomLayer> layers;
  std::vector<std::pair<std::string, mlx::core::Shape>> more = {};
};

class RandomModel {
 public:
  explicit RandomModel(const RandomShape& shape) {
    namespace mx = mlx::core;
    directory_.write("config.json", shape.config);
    mx::random::seed(5);
    std::unordered_map<std::string, mx::array> weights;
    const auto add = [&](const std::string& name, const mx::Shape& of) {
      const float scale = 1 / std::sqrt(static_cast<float>(of.back()));
      weights.emplace(name, of.size() == 1
                                ? mx::ones(of)
                                : mx::multiply(mx::random::normal(of), mx::array(scale)));
    };
    add(shape.body + "embed_tokens.weight", {kRandomVocabulary, 64});
    add(shape.body + "norm.weight", {64});
    for (std::size_t i = 0; i < shape.layers.size(); ++i)
      for (const auto& [name, of] : shape.layers[i].tensors)
        add(shape.body + "layers." + std::to_string(i) + "." + name, of);
    for (const auto& [name, of] : shape.more) add(name, of);
    mx::save_safetensors(directory_.path("model.safetensors"), weights);
  }
  models::Description description() const { return models::describe(directory_.path()); }

 private:
  TestDirectory directory_;
};

namespace random_layers {

using Tensors = std::vector<std::pair<std::string, mlx::core::Shape>>;

inline Tensors operator+(Tensors a, const Tensors& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
// Of width 64.
inline Tensors attention(int q, int kv) {
  return {{"self_attn.q_proj.weight", {q, 64}},
          {"self_attn.k_proj.weight", {kv, 64}},
          {"self_attn.v_proj.weight", {kv, 64}}};
}
inline Tensors output(int q) {
  return {{"self_attn.o_proj.weight", {64, q}}};
}
inline Tensors head_norms(int size) {
  return {{"self_attn.q_norm.weight", {size}}, {"self_attn.k_norm.weight", {size}}};
}
inline Tensors mlp(const std::string& name = "mlp", int inner = 128) {
  return {{name + ".gate_proj.weight", {inner, 64}},
          {name + ".up_proj.weight", {inner, 64}},
          {name + ".down_proj.weight", {64, inner}}};
}
inline Tensors norms() {
  return {{"input_layernorm.weight", {64}}, {"post_attention_layernorm.weight", {64}}};
}
inline Tensors gemma_norms() {
  return norms() + Tensors{{"pre_feedforward_layernorm.weight", {64}},
                           {"post_feedforward_layernorm.weight", {64}}};
}
inline Tensors experts(const std::string& path, int count, int inner) {
  return {{path + ".gate_proj.weight", {count, inner, 64}},
          {path + ".up_proj.weight", {count, inner, 64}},
          {path + ".down_proj.weight", {count, 64, inner}}};
}

}  // namespace random_layers

inline RandomShape tiny_llama() {
  using namespace random_layers;
  const RandomLayer layer{attention(64, 32) + output(64) + mlp() + norms()};
  return {R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":2,
      "intermediate_size":128,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,
      "vocab_size":64,"rms_norm_eps":1e-5,"rope_theta":10000,"hidden_act":"silu",
      "tie_word_embeddings":true,"max_position_embeddings":4096})",
          "model.",
          {layer, layer}};
}

// Short ones, ones of several steps, and ones that begin alike.
inline std::vector<models::Prompt> random_prompts() {
  std::vector<models::Prompt> out;
  for (const auto& [tokens, alike] :
       {std::pair{20, 0}, {70, 0}, {128, 128}, {200, 128}, {300, 0}, {420, 300}, {470, 300}}) {
    models::Prompt prompt;
    for (int i = 0; i < tokens; ++i) {
      prompt.tokens.push_back((i < alike ? 7 * i : 5 * i + tokens) % kRandomVocabulary);
      prompt.positions.push_back({i, i, i});
    }
    prompt.next_position = tokens;
    out.push_back(std::move(prompt));
  }
  return out;
}

}  // namespace sanctum::engine
