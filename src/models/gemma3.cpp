#include "models/gemma3.h"

#include <mlx/ops.h>

#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "models/decoder_config.h"
#include "models/layer_windows.h"
#include "models/rope_config.h"
#include "models/supported_variants.h"

namespace sanctum::models {
namespace {

struct Config {
  int hidden, layers, inner, heads, kv_heads, head_size, vocabulary;
  float eps, scale;
  float softcap;             // of logits; 0: none
  std::vector<int> windows;  // of each layer; 0: it sees all
  nn::RopeFrequencies rope, local_rope;
};

// Every sixth layer sees all, where the layers are not listed.
constexpr std::int64_t kPattern = 6;

// As transformers' Gemma3TextConfig, whose defaults are those of the 4B model.
Config read_config(const json::Node& c, int vocabulary) {
  const auto count = [&c](std::string_view key, std::int64_t fallback) {
    return static_cast<int>(c.has(key) ? c.at(key).as_int(1, kWidthMax) : fallback);
  };
  Config out{};
  out.hidden = count("hidden_size", 2304);
  out.layers = count("num_hidden_layers", 26);
  out.inner = count("intermediate_size", 9216);
  out.heads = count("num_attention_heads", 8);
  out.kv_heads = count("num_key_value_heads", 4);
  out.head_size = count("head_dim", 256);
  out.vocabulary = vocabulary;
  out.eps = static_cast<float>(c.has("rms_norm_eps") ? c.at("rms_norm_eps").as_double(0, 1) : 1e-6);
  if (const auto cap = c.get("final_logit_softcapping"))
    out.softcap = static_cast<float>(cap->as_double(0, 1e6));
  check_heads(c, {out.heads, out.kv_heads, out.head_size});
  const double scalar = c.has("query_pre_attn_scalar")
                            ? c.at("query_pre_attn_scalar").as_double(1e-3, kWidthMax)
                            : 256;
  out.scale = static_cast<float>(1 / std::sqrt(scalar));
  out.windows = read_layer_windows(c, out.layers, {.window = 4096, .every = kPattern});
  const double local =
      c.has("rope_local_base_freq") ? c.at("rope_local_base_freq").as_double(1) : 1e4;
  out.rope = read_layer_rope(c, "full_attention", out.head_size, 1e6).frequencies;
  out.local_rope = read_layer_rope(c, "sliding_attention", out.head_size, local).frequencies;
  refuse_variants(c, Part::kGemma3, {out.layers, out.heads, out.head_size});
  return out;
}

// float16 cannot hold what the stream grows to.
mx::array added(const mx::array& x, const mx::array& y) {
  if (x.dtype() != mx::float16) return mx::add(x, y);
  const mx::array bound(65504.0f);
  return mx::astype(mx::clip(mx::add(mx::astype(x, mx::float32), mx::astype(y, mx::float32)),
                             mx::negative(bound), bound),
                    mx::float16);
}

class Layer {
 public:
  Layer(nn::Weights& w, const std::string& path, const Config& c, std::size_t at)
      : heads_(c.heads),
        kv_heads_(c.kv_heads),
        head_size_(c.head_size),
        qkv_(w.linears(path + ".self_attn",
                       {{"q_proj", c.heads * c.head_size},
                        {"k_proj", c.kv_heads * c.head_size},
                        {"v_proj", c.kv_heads * c.head_size}},
                       c.hidden, false)),
        o_proj_(w.linear(path + ".self_attn.o_proj", c.heads * c.head_size, c.hidden, false)),
        q_norm_(norm(w, path + ".self_attn.q_norm", c.head_size, c)),
        k_norm_(norm(w, path + ".self_attn.k_norm", c.head_size, c)),
        attend_(w.attention({c.scale, c.windows[at]})),
        mlp_(w.gated_mlp(path + ".mlp", nn::Activation::kGeluTanh, c.hidden, c.inner, false)),
        input_layernorm_(norm(w, path + ".input_layernorm", c.hidden, c)),
        post_attention_layernorm_(norm(w, path + ".post_attention_layernorm", c.hidden, c)),
        pre_feedforward_layernorm_(norm(w, path + ".pre_feedforward_layernorm", c.hidden, c)),
        post_feedforward_layernorm_(norm(w, path + ".post_feedforward_layernorm", c.hidden, c)) {}

  static nn::RmsNorm norm(nn::Weights& w, const std::string& path, int width, const Config& c) {
    return w.rms_norm(path, width, c.eps, nn::StoredNorm::kMinusOne);
  }

  // All rows, or those of `wanted` alone, if there are any: the last layer's.
  mx::array operator()(const mx::array& x, const nn::Rotation& rope,
                       const std::vector<nn::Slice>& slices, int layer,
                       const std::vector<int>* wanted) const {
    const auto kept = [&](const mx::array& of) { return wanted ? wanted_rows(of, *wanted) : of; };
    const mx::array attended = attention(input_layernorm_(x), rope, slices, layer);
    const mx::array h = added(kept(x), post_attention_layernorm_(o_proj_(kept(attended))));
    return added(h, post_feedforward_layernorm_(mlp_(pre_feedforward_layernorm_(h))));
  }

 private:
  mx::array attention(const mx::array& x, const nn::Rotation& rope,
                      const std::vector<nn::Slice>& slices, int layer) const {
    const int rows = x.shape(0);
    const std::vector<mx::array> qkv = qkv_(x);
    const mx::array q = q_norm_(mx::reshape(qkv[0], {rows, heads_, head_size_}));
    const mx::array k = k_norm_(mx::reshape(qkv[1], {rows, kv_heads_, head_size_}));
    const mx::array v = mx::reshape(qkv[2], {rows, kv_heads_, head_size_});
    return attend_.causal(rope(q), nn::KeyValueRows{rope(k), v}, slices, layer);
  }

  int heads_, kv_heads_, head_size_;
  nn::LinearGroup qkv_;
  nn::Linear o_proj_;
  nn::RmsNorm q_norm_, k_norm_;
  nn::Attention attend_;
  nn::GatedMlp mlp_;
  nn::RmsNorm input_layernorm_, post_attention_layernorm_;
  nn::RmsNorm pre_feedforward_layernorm_, post_feedforward_layernorm_;
};

class Gemma3 final : public Model {
 public:
  Gemma3(const Config& c, nn::Weights& w, Traits traits)
      : Model(std::move(traits)),
        windows_(c.windows),
        softcap_(c.softcap),
        embedding_scale_(
            mx::astype(mx::array(std::sqrt(static_cast<float>(c.hidden))), mx::bfloat16)),
        rope_(w.rope(c.rope)),
        local_rope_(w.rope(c.local_rope)),
        embed_tokens_(w.embedding("model.embed_tokens", c.vocabulary, c.hidden)),
        norm_(Layer::norm(w, "model.norm", c.hidden, c)) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(c.layers); ++i)
      layers_.emplace_back(w, "model.layers." + std::to_string(i), c, i);
    if (traits_.head) lm_head_ = w.linear(*traits_.head, c.hidden, c.vocabulary, false);
    traits_.vocabulary = c.vocabulary;
    traits_.kv.type = w.stored_type();
    for (const int window : c.windows)
      traits_.kv.layers.emplace_back(nn::KeysAndValues{c.kv_heads, c.head_size, window});
  }

  mx::array forward(const Step& step) const override {
    const nn::Rotation rope = rope_.at(step.positions), local = local_rope_.at(step.positions);
    mx::array h = embed_tokens_(step.tokens);
    h = mx::multiply(h, mx::astype(embedding_scale_, h.dtype()));
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const bool last = i + 1 == layers_.size();
      h = layers_[i](h, windows_[i] > 0 ? local : rope, step.slices, static_cast<int>(i),
                     last ? &step.logits_rows : nullptr);
    }
    h = norm_(h);
    h = mx::astype(lm_head_ ? (*lm_head_)(h) : embed_tokens_.as_linear(h), mx::float32);
    return soft_capped(h, softcap_);
  }

 private:
  std::vector<int> windows_;
  float softcap_;
  mx::array embedding_scale_;  // in bfloat16, as it was trained
  nn::Rope rope_, local_rope_;
  nn::Embedding embed_tokens_;
  nn::RmsNorm norm_;
  std::vector<Layer> layers_;
  std::optional<nn::Linear> lm_head_;
};

}  // namespace

std::unique_ptr<Model> load_gemma3(const json::Node& config, nn::Weights& weights, Traits traits) {
  const json::Node text = config.get("text_config").value_or(config);
  return std::make_unique<Gemma3>(read_config(text, traits.vocabulary), weights, std::move(traits));
}

}  // namespace sanctum::models
