#include "models/decoder.h"

#include <mlx/ops.h>

#include <algorithm>

namespace sanctum::models {

Decoder::Attention::Attention(nn::Weights& w, const std::string& path, const DecoderConfig& c)
    : heads(c.heads),
      kv_heads(c.kv_heads),
      head_size(c.head_size),
      qkv_proj(w.linears(path,
                         {{"q_proj", c.heads * c.head_size},
                          {"k_proj", c.kv_heads * c.head_size},
                          {"v_proj", c.kv_heads * c.head_size}},
                         c.hidden_size, c.forms.qkv_bias)),
      o_proj(w.linear(path + ".o_proj", c.heads * c.head_size, c.hidden_size, c.forms.o_bias)),
      attend(w.attention(c.head_size)) {
  if (!c.forms.qk_norm) return;
  q_norm = w.rms_norm(path + ".q_norm", c.head_size, c.norm_eps);
  k_norm = w.rms_norm(path + ".k_norm", c.head_size, c.norm_eps);
}

mx::array Decoder::Attention::operator()(const mx::array& x, const nn::Rotation& rope,
                                         const std::vector<nn::Slice>& slices, int layer) const {
  const int tokens = x.shape(0);
  const std::vector<mx::array> qkv = qkv_proj(x);
  mx::array q = mx::reshape(qkv[0], {tokens, heads, head_size});
  mx::array k = mx::reshape(qkv[1], {tokens, kv_heads, head_size});
  if (q_norm) q = (*q_norm)(q);
  if (k_norm) k = (*k_norm)(k);
  const mx::array v = mx::reshape(qkv[2], {tokens, kv_heads, head_size});
  return attend.causal(rope(q), rope(k), v, slices, layer);
}

Decoder::Block::Block(nn::Weights& w, const std::string& path, const DecoderConfig& c)
    : self_attn(w, path + ".self_attn", c),
      mlp(w.gated_mlp(path + ".mlp", nn::Activation::kSilu, c.hidden_size, c.intermediate_size,
                      c.forms.mlp_bias)),
      input_layernorm(w.rms_norm(path + ".input_layernorm", c.hidden_size, c.norm_eps)),
      post_attention_layernorm(
          w.rms_norm(path + ".post_attention_layernorm", c.hidden_size, c.norm_eps)) {}

mx::array Decoder::Block::operator()(const mx::array& x, const nn::Rotation& rope,
                                     const std::vector<nn::Slice>& slices, int layer,
                                     const std::vector<int>* wanted) const {
  const mx::array attended = self_attn(input_layernorm(x), rope, slices, layer);
  const auto rows = [&](const mx::array& of) { return wanted ? wanted_rows(of, *wanted) : of; };
  const mx::array h = mx::add(rows(x), self_attn.o_proj(rows(attended)));
  return mx::add(h, mlp(post_attention_layernorm(h)));
}

Decoder::Decoder(const DecoderConfig& c, nn::Weights& w, const std::string& body,
                 const std::optional<std::string>& head)
    : rope_(w.rope(c.inverse_frequencies, c.rope_axes)),
      embed_tokens_(w.embedding(body + ".embed_tokens", c.vocabulary, c.hidden_size)),
      norm_(w.rms_norm(body + ".norm", c.hidden_size, c.norm_eps)) {
  for (int i = 0; i < c.layers; ++i)
    layers_.emplace_back(w, body + ".layers." + std::to_string(i), c);
  if (head) lm_head_ = w.linear(*head, c.hidden_size, c.vocabulary, false);
}

namespace {

mx::array rows_of(const mx::array& features, const VisualRows& rows) {
  return mx::slice(features, {rows.features_first, 0},
                   {rows.features_first + rows.count, features.shape(1)});
}

}  // namespace

mx::array Decoder::forward(const Step& step) const {
  const nn::Rotation rope = rope_.at(step.positions);
  mx::array h = embed_tokens_(step.tokens);
  const int width = h.shape(1);
  for (const VisualRows& rows : step.visuals) {
    h = mx::slice_update(h, mx::astype(rows_of(rows.features->embeddings, rows), h.dtype()),
                         {rows.first, 0}, {rows.first + rows.count, width});
  }
  // Behind the last layer's attention, and what pictures add to it, a row is nobody's but its own.
  const auto adds = [&](std::size_t layer) {
    return std::any_of(step.visuals.begin(), step.visuals.end(), [layer](const VisualRows& rows) {
      return layer < rows.features->deepstack.size();
    });
  };
  const bool cut = !layers_.empty() && !adds(layers_.size() - 1) &&
                   step.logits_rows.size() < step.positions.size();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool last = i + 1 == layers_.size();
    h = layers_[i](h, rope, step.slices, static_cast<int>(i),
                   last && cut ? &step.logits_rows : nullptr);
    for (const VisualRows& rows : step.visuals) {
      if (i >= rows.features->deepstack.size()) continue;
      h = mx::slice_update_add(h, mx::astype(rows_of(rows.features->deepstack[i], rows), h.dtype()),
                               {rows.first, 0}, {rows.first + rows.count, width});
    }
  }
  h = norm_(cut ? h : wanted_rows(h, step.logits_rows));
  return mx::astype(lm_head_ ? (*lm_head_)(h) : embed_tokens_.as_linear(h), mx::float32);
}

}  // namespace sanctum::models
