#include "models/qwen3_text.h"

#include <mlx/ops.h>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::models {

namespace {

// Pairs of a head that follow time, height and width where config.json is silent, as in
// transformers and mlx-vlm.
constexpr std::array<int, 3> kDefaultSection{24, 20, 20};

std::array<int, 3> read_section(const json::Node& c, int head_size) {
  const auto rope = rope_members(c);
  const auto stored = rope ? rope->get("mrope_section") : std::nullopt;
  std::array<int, 3> section = kDefaultSection;
  if (stored) {
    const auto counts = stored->as_array(3);
    if (counts.size() != 3) stored->fail("must have three numbers: time, height, width");
    for (std::size_t i = 0; i < 3; ++i)
      section[i] = static_cast<int>(counts[i].as_int(0, head_size));
  }
  if (section[0] + section[1] + section[2] != head_size / 2) {
    const std::string path = (rope ? rope->path() : c.path() + ".rope_scaling") + ".mrope_section";
    throw Error(
        ErrorCode::kInvalid,
        "'" + path + "' " + (stored ? "adds up to " : "is missing, and its default is for ") +
            std::to_string(section[0] + section[1] + section[2]) + " pairs; heads of size " +
            std::to_string(head_size) + " have " + std::to_string(head_size / 2),
        path);
  }
  return section;
}

}  // namespace

Qwen3TextConfig Qwen3TextConfig::read(const json::Node& c, bool vision) {
  const Part part = vision ? Part::kQwen3VlText : Part::kQwen3;
  Qwen3TextConfig out{read_decoder_config(c, {.part = part, .rope_theta = std::nullopt}), {}};
  if (vision)
    out.rope_axes = nn::interleaved_axes(read_section(c, out.head_size), out.head_size / 2);
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
      k_norm(w.rms_norm(path + ".k_norm", c.head_size, c.norm_eps)),
      attend(w.attention(c.head_size)) {}

mx::array Qwen3Text::Attention::operator()(const mx::array& x, const nn::Rotation& rope,
                                           const std::vector<nn::Slice>& slices, int layer) const {
  const int tokens = x.shape(0);
  const mx::array q = q_norm(mx::reshape(q_proj(x), {tokens, heads, head_size}));
  const mx::array k = k_norm(mx::reshape(k_proj(x), {tokens, kv_heads, head_size}));
  const mx::array v = mx::reshape(v_proj(x), {tokens, kv_heads, head_size});
  return o_proj(attend.causal(rope(q), rope(k), v, slices, layer));
}

Qwen3Text::Block::Block(nn::Weights& w, const std::string& path, const Qwen3TextConfig& c)
    : self_attn(w, path + ".self_attn", c),
      mlp(w.swiglu(path + ".mlp", c.hidden_size, c.intermediate_size, false)),
      input_layernorm(w.rms_norm(path + ".input_layernorm", c.hidden_size, c.norm_eps)),
      post_attention_layernorm(
          w.rms_norm(path + ".post_attention_layernorm", c.hidden_size, c.norm_eps)) {}

mx::array Qwen3Text::Block::operator()(const mx::array& x, const nn::Rotation& rope,
                                       const std::vector<nn::Slice>& slices, int layer) const {
  const mx::array h = mx::add(x, self_attn(input_layernorm(x), rope, slices, layer));
  return mx::add(h, mlp(post_attention_layernorm(h)));
}

Qwen3Text::Qwen3Text(const Qwen3TextConfig& c, nn::Weights& w, const std::string& body,
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

mx::array Qwen3Text::forward(const Step& step) const {
  const nn::Rotation rope = rope_.at(step.positions);
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
