#include "models/attention_layer.h"

#include <mlx/ops.h>

namespace sanctum::models {
namespace {

nn::LinearGroup qkv(nn::Weights& w, const std::string& path, const DecoderConfig& c) {
  const int q = c.heads * c.head_size, kv = c.kv_heads * c.head_size;
  if (c.forms.fused) return w.split_linears(path + ".qkv_proj", {q, kv, kv}, c.hidden_size);
  return w.linears(path,
                   {{"q_proj", c.forms.output_gate ? 2 * q : q}, {"k_proj", kv}, {"v_proj", kv}},
                   c.hidden_size, c.forms.qkv_bias);
}

nn::AttentionForm form(nn::Weights& w, const std::string& path, const DecoderConfig& c,
                       std::size_t layer) {
  nn::AttentionForm out{nn::usual_scale(c.head_size), c.windows.empty() ? 0 : c.windows[layer]};
  if (c.forms.sinks) out.sinks = w.exact(path + ".sinks", {{c.heads}});
  return out;
}

}  // namespace

AttentionLayer::AttentionLayer(nn::Weights& w, const std::string& path, const DecoderConfig& c,
                               std::size_t layer)
    : heads_(c.heads),
      kv_heads_(c.kv_heads),
      head_size_(c.head_size),
      rotates_(c.rotates.empty() || c.rotates[layer]),
      gated_(c.forms.output_gate),
      qkv_proj_(qkv(w, path, c)),
      o_proj_(w.linear(path + ".o_proj", c.heads * c.head_size, c.hidden_size, c.forms.o_bias)),
      attend_(w.attention(form(w, path, c, layer))) {
  if (!c.forms.qk_norm) return;
  q_norm_ = w.rms_norm(path + ".q_norm", c.head_size, c.norm_eps, c.stored_norm);
  k_norm_ = w.rms_norm(path + ".k_norm", c.head_size, c.norm_eps, c.stored_norm);
}

mx::array AttentionLayer::mix(const mx::array& x, const LayerRows& rows, int memory) const {
  const int tokens = x.shape(0);
  const std::vector<mx::array> qkv = qkv_proj_(x);
  mx::array q = mx::reshape(qkv[0], {tokens, heads_, gated_ ? 2 * head_size_ : head_size_});
  std::optional<mx::array> gate;
  if (gated_) {
    const auto halves = mx::split(q, 2, -1);
    q = halves[0];
    gate = mx::reshape(halves[1], {tokens, heads_ * head_size_});
  }
  mx::array k = mx::reshape(qkv[1], {tokens, kv_heads_, head_size_});
  if (q_norm_) q = (*q_norm_)(q);
  if (k_norm_) k = (*k_norm_)(k);
  const mx::array v = mx::reshape(qkv[2], {tokens, kv_heads_, head_size_});
  if (rotates_) q = rows.rope(q), k = rows.rope(k);
  if (rows.query_scales) q = mx::multiply(q, mx::astype(*rows.query_scales, q.dtype()));
  const mx::array out = attend_.causal(q, nn::KeyValueRows{k, v}, rows.slices, memory);
  return gate ? mx::multiply(out, mx::sigmoid(*gate)) : out;
}

}  // namespace sanctum::models
