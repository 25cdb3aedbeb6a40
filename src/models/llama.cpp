#include "models/llama.h"

#include <mlx/ops.h>

#include "base/json.h"
#include "models/decoder_config.h"
#include "nn/layers.h"
#include "nn/rope.h"

namespace sanctum::models {
namespace {

struct Config : DecoderConfig {
  bool attention_bias;
  bool mlp_bias;
};

Config read_config(const json::Node& c) {
  return {read_decoder_config(c, {.part = Part::kLlama, .rope_theta = 10000}),
          c.as_bool_or("attention_bias", false), c.as_bool_or("mlp_bias", false)};
}

struct Attention {
  Attention(nn::Weights& w, const std::string& path, const Config& c)
      : heads(c.heads),
        kv_heads(c.kv_heads),
        head_size(c.head_size),
        q_proj(w.linear(path + ".q_proj", c.hidden_size, c.heads * c.head_size, c.attention_bias)),
        k_proj(
            w.linear(path + ".k_proj", c.hidden_size, c.kv_heads * c.head_size, c.attention_bias)),
        v_proj(
            w.linear(path + ".v_proj", c.hidden_size, c.kv_heads * c.head_size, c.attention_bias)),
        o_proj(w.linear(path + ".o_proj", c.heads * c.head_size, c.hidden_size, c.attention_bias)),
        attend(w.attention(c.head_size)) {}

  mx::array operator()(const mx::array& x, const nn::Rotation& rope,
                       const std::vector<nn::Slice>& slices, int layer) const {
    const int tokens = x.shape(0);
    const mx::array q = mx::reshape(q_proj(x), {tokens, heads, head_size});
    const mx::array k = mx::reshape(k_proj(x), {tokens, kv_heads, head_size});
    const mx::array v = mx::reshape(v_proj(x), {tokens, kv_heads, head_size});
    return o_proj(attend.causal(rope(q), rope(k), v, slices, layer));
  }

  int heads, kv_heads, head_size;
  nn::Linear q_proj, k_proj, v_proj, o_proj;
  nn::Attention attend;
};

struct Block {
  Block(nn::Weights& w, const std::string& path, const Config& c)
      : self_attn(w, path + ".self_attn", c),
        mlp(w.swiglu(path + ".mlp", c.hidden_size, c.intermediate_size, c.mlp_bias)),
        input_layernorm(w.rms_norm(path + ".input_layernorm", c.hidden_size, c.norm_eps)),
        post_attention_layernorm(
            w.rms_norm(path + ".post_attention_layernorm", c.hidden_size, c.norm_eps)) {}

  mx::array operator()(const mx::array& x, const nn::Rotation& rope,
                       const std::vector<nn::Slice>& slices, int layer) const {
    const mx::array h = mx::add(x, self_attn(input_layernorm(x), rope, slices, layer));
    return mx::add(h, mlp(post_attention_layernorm(h)));
  }

  Attention self_attn;
  nn::SwiGlu mlp;
  nn::RmsNorm input_layernorm, post_attention_layernorm;
};

class Llama final : public Model {
 public:
  Llama(const Config& c, nn::Weights& w, Traits traits)
      : Model(std::move(traits)),
        rope_(w.rope(c.inverse_frequencies)),
        embed_tokens_(w.embedding("model.embed_tokens", c.vocabulary, c.hidden_size)),
        norm_(w.rms_norm("model.norm", c.hidden_size, c.norm_eps)) {
    for (int i = 0; i < c.layers; ++i)
      layers_.emplace_back(w, "model.layers." + std::to_string(i), c);
    if (traits_.head) lm_head_ = w.linear(*traits_.head, c.hidden_size, c.vocabulary, false);
    traits_.kv = {c.layers, c.kv_heads, c.head_size, w.stored_type()};
    traits_.vocabulary = c.vocabulary;
  }

  mx::array forward(const Step& step) const override {
    const nn::Rotation rope = rope_.at(step.positions);
    mx::array h = embed_tokens_(
        mx::array(step.tokens.begin(), {static_cast<int>(step.tokens.size())}, mx::int32));
    for (std::size_t i = 0; i < layers_.size(); ++i)
      h = layers_[i](h, rope, step.slices, static_cast<int>(i));
    h = norm_(wanted_rows(h, step.logits_rows));
    return mx::astype(lm_head_ ? (*lm_head_)(h) : embed_tokens_.as_linear(h), mx::float32);
  }

 private:
  nn::Rope rope_;
  nn::Embedding embed_tokens_;
  nn::RmsNorm norm_;
  std::vector<Block> layers_;
  std::optional<nn::Linear> lm_head_;
};

}  // namespace

std::optional<std::string> rename_llama(const std::string& stored) {
  if (stored.find("rotary_emb.inv_freq") != std::string::npos) return std::nullopt;
  return stored;
}

std::unique_ptr<Model> load_llama(const json::Node& config, nn::Weights& weights, Traits traits) {
  return std::make_unique<Llama>(read_config(config), weights, std::move(traits));
}

}  // namespace sanctum::models
