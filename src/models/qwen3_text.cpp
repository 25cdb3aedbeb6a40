#include "models/qwen3_text.h"

#include <mlx/ops.h>

#include <cmath>

#include "base/json.h"

namespace sanctum::models {

Qwen3TextConfig Qwen3TextConfig::read(const json::Node& c) {
  const auto count = [&](std::string_view key) {
    return static_cast<int>(c.at(key).as_int(1, 1 << 24));
  };
  Qwen3TextConfig out;
  out.hidden_size = count("hidden_size");
  out.layers = count("num_hidden_layers");
  out.intermediate_size = count("intermediate_size");
  out.heads = count("num_attention_heads");
  out.kv_heads = count("num_key_value_heads");
  out.head_size = c.has("head_dim") ? count("head_dim") : out.hidden_size / out.heads;
  out.vocabulary = count("vocab_size");
  out.norm_eps = static_cast<float>(c.at("rms_norm_eps").as_double(0, 1));
  out.tied = c.as_bool_or("tie_word_embeddings", false);
  if (c.as_bool_or("attention_bias", false))
    c.at("attention_bias").fail("is not supported for this architecture");

  auto scaling = c.get("rope_scaling");
  if (!scaling) scaling = c.get("rope_parameters");
  const double theta = scaling && scaling->has("rope_theta")
                           ? scaling->at("rope_theta").as_double(1)
                           : c.at("rope_theta").as_double(1);
  out.inverse_frequencies =
      nn::rope_inverse_frequencies(out.head_size, theta, scaling ? &*scaling : nullptr);
  if (scaling && scaling->has("mrope_section")) {
    const auto sections = scaling->at("mrope_section").as_array(3);
    if (sections.size() != 3)
      scaling->at("mrope_section").fail("must have three numbers: time, height, width");
    std::array<int, 3> section{};
    for (std::size_t i = 0; i < 3; ++i)
      section[i] = static_cast<int>(sections[i].as_int(0, out.head_size));
    out.rope_axes = nn::interleaved_axes(section, out.head_size / 2);
  }
  return out;
}

Qwen3Text::Attention::Attention(nn::Weights& w, const std::string& path, const Qwen3TextConfig& c)
    : heads(c.heads),
      kv_heads(c.kv_heads),
      head_size(c.head_size),
      q_proj(w.linear(path + ".q_proj", c.hidden_size, c.heads * c.head_size, false)),
      k_proj(w.linear(path + ".k_proj", c.hidden_size, c.kv_heads * c.head_size, false)),
      v_proj(w.linear(path + ".v_proj", c.hidden_size, c.kv_heads * c.head_size, false)),
      o_proj(w.linear(path + ".o_proj", c.heads * c.head_size, c.hidden_size, false)),
      q_norm(w.rms_norm(path + ".q_norm", c.head_size, c.norm_eps)),
      k_norm(w.rms_norm(path + ".k_norm", c.head_size, c.norm_eps)) {}

mx::array Qwen3Text::Attention::operator()(const mx::array& x, const nn::RotaryTable& rope,
                                           const std::vector<nn::Slice>& slices, int layer) const {
  const int tokens = x.shape(0);
  const mx::array q = q_norm(mx::reshape(q_proj(x), {tokens, heads, head_size}));
  const mx::array k = k_norm(mx::reshape(k_proj(x), {tokens, kv_heads, head_size}));
  const mx::array v = mx::reshape(v_proj(x), {tokens, kv_heads, head_size});
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_size));
  return o_proj(
      nn::causal_attention(nn::rotate(q, rope), nn::rotate(k, rope), v, scale, slices, layer));
}

Qwen3Text::Block::Block(nn::Weights& w, const std::string& path, const Qwen3TextConfig& c)
    : self_attn(w, path + ".self_attn", c),
      mlp(w.swiglu(path + ".mlp", c.hidden_size, c.intermediate_size, false)),
      input_layernorm(w.rms_norm(path + ".input_layernorm", c.hidden_size, c.norm_eps)),
      post_attention_layernorm(
          w.rms_norm(path + ".post_attention_layernorm", c.hidden_size, c.norm_eps)) {}

mx::array Qwen3Text::Block::operator()(const mx::array& x, const nn::RotaryTable& rope,
                                       const std::vector<nn::Slice>& slices, int layer) const {
  const mx::array h = mx::add(x, self_attn(input_layernorm(x), rope, slices, layer));
  return mx::add(h, mlp(post_attention_layernorm(h)));
}

Qwen3Text::Qwen3Text(const Qwen3TextConfig& c, nn::Weights& w, const std::string& body,
                     const std::string& head)
    : rope_(c.inverse_frequencies, c.rope_axes),
      embed_tokens_(w.embedding(body + ".embed_tokens", c.vocabulary, c.hidden_size)),
      norm_(w.rms_norm(body + ".norm", c.hidden_size, c.norm_eps)) {
  for (int i = 0; i < c.layers; ++i)
    layers_.emplace_back(w, body + ".layers." + std::to_string(i), c);
  if (!c.tied) lm_head_ = w.linear(head, c.hidden_size, c.vocabulary, false);
}

namespace {

mx::array rows_of(const mx::array& features, const VisualRows& rows) {
  return mx::slice(features, {rows.features_first, 0},
                   {rows.features_first + rows.count, features.shape(1)});
}

}  // namespace

mx::array Qwen3Text::forward(const Step& step) const {
  const nn::RotaryTable rope = rope_.table(step.positions);
  mx::array h = embed_tokens_(
      mx::array(step.tokens.begin(), {static_cast<int>(step.tokens.size())}, mx::int32));
  const int width = h.shape(1);
  for (const VisualRows& rows : step.visuals) {
    h = mx::slice_update(h, mx::astype(rows_of(rows.features->embeddings, rows), h.dtype()),
                         {rows.first, 0}, {rows.first + rows.count, width});
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    h = layers_[i](h, rope, step.slices, static_cast<int>(i));
    for (const VisualRows& rows : step.visuals) {
      if (i >= rows.features->deepstack.size()) continue;
      h = mx::slice_update_add(h, mx::astype(rows_of(rows.features->deepstack[i], rows), h.dtype()),
                               {rows.first, 0}, {rows.first + rows.count, width});
    }
  }
  h = norm_(wanted_rows(h, step.logits_rows));
  return mx::astype(lm_head_ ? (*lm_head_)(h) : embed_tokens_.as_linear(h), mx::float32);
}

}  // namespace sanctum::models
