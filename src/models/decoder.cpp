#include "models/decoder.h"

#include <mlx/ops.h>

#include <algorithm>
#include <cmath>

namespace sanctum::models {

namespace {

nn::GatedMlp gated_mlp(nn::Weights& w, const std::string& path, const DecoderConfig& c) {
  const int width = c.hidden_size, inner = c.intermediate_size;
  if (!c.forms.fused)
    return w.gated_mlp(path, nn::Activation::kSilu, width, inner, c.forms.mlp_bias);
  nn::LinearGroup gate_and_up = w.split_linears(path + ".gate_up_proj", {inner, inner}, width);
  return w.gated_mlp(nn::Activation::kSilu, std::move(gate_and_up),
                     w.linear(path + ".down_proj", inner, width, c.forms.mlp_bias));
}

std::variant<nn::GatedMlp, Mixture> feed_forward(nn::Weights& w, const std::string& path,
                                                 const DecoderConfig& c, std::size_t layer) {
  if (c.mixture && (c.mixes.empty() || c.mixes[layer]))
    return Mixture(w, path, *c.mixture, c.hidden_size);
  return gated_mlp(w, path, c);
}

}  // namespace

nn::KvShape remembered(const DecoderConfig& c, kernels::NumberType type) {
  nn::KvShape out = nn::alike(c.layers, {c.kv_heads, c.head_size}, type);
  for (std::size_t i = 0; i < out.layers.size(); ++i) {
    if (!c.windows.empty()) std::get<nn::KeysAndValues>(out.layers[i]).window = c.windows[i];
    if (c.delta && c.delta->layers[i]) out.layers[i] = c.delta->shape;
  }
  return out;
}

Decoder::Block::Mixer Decoder::Block::mixer_of(nn::Weights& w, const std::string& path,
                                               const DecoderConfig& c, std::size_t layer) {
  if (c.delta && c.delta->layers[layer])
    return DeltaLayer(w, path + ".linear_attn", *c.delta, c.hidden_size, c.norm_eps);
  return AttentionLayer(w, path + ".self_attn", c, layer);
}

Decoder::Block::Block(nn::Weights& w, const std::string& path, const DecoderConfig& c,
                      std::size_t layer)
    : mixer(mixer_of(w, path, c, layer)),
      mlp(feed_forward(w, path + "." + c.feed_forward, c, layer)),
      input_layernorm(
          w.rms_norm(path + ".input_layernorm", c.hidden_size, c.norm_eps, c.stored_norm)),
      post_attention_layernorm(w.rms_norm(path + ".post_attention_layernorm", c.hidden_size,
                                          c.norm_eps, c.stored_norm)) {}

mx::array Decoder::Block::operator()(const mx::array& x, const LayerRows& rows, int layer,
                                     const std::vector<int>* wanted) const {
  const mx::array normed = input_layernorm(x);
  const auto kept = [&](const mx::array& of) { return wanted ? wanted_rows(of, *wanted) : of; };
  const auto mixed_by = [&](const AttentionLayer& by) {
    return by.project(kept(by.mix(normed, rows, layer)));
  };
  const auto mixed_by_state = [&](const DeltaLayer& by) {
    return by.project(kept(by.mix(normed, rows.slices, layer)));
  };
  const auto* attention = std::get_if<AttentionLayer>(&mixer);
  const mx::array h = mx::add(
      kept(x), attention ? mixed_by(*attention) : mixed_by_state(std::get<DeltaLayer>(mixer)));
  const mx::array again = post_attention_layernorm(h);
  return mx::add(h, std::visit([&](const auto& part) { return part(again); }, mlp));
}

Decoder::Decoder(const DecoderConfig& c, nn::Weights& w, const std::string& body,
                 const std::optional<std::string>& head)
    : rope_(w.rope(c.rope.frequencies, c.rope_axes)),
      short_tokens_(c.rope.short_tokens),
      query_scaling_(c.query_scaling),
      embed_tokens_(w.embedding(body + ".embed_tokens", c.vocabulary, c.hidden_size)),
      norm_(w.rms_norm(body + ".norm", c.hidden_size, c.norm_eps, c.stored_norm)) {
  if (!c.rope.beyond.of_pairs.empty()) beyond_ = w.rope(c.rope.beyond, c.rope_axes);
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.layers); ++i)
    layers_.emplace_back(w, body + ".layers." + std::to_string(i), c, i);
  if (head) lm_head_ = w.linear(*head, c.hidden_size, c.vocabulary, false);
}

namespace {

mx::array rows_of(const mx::array& features, const VisualRows& rows) {
  return mx::slice(features, {rows.features_first, 0},
                   {rows.features_first + rows.count, features.shape(1)});
}

}  // namespace

nn::Rotation Decoder::rotation(const Step& step) const {
  const auto is_beyond = [this](const nn::Slice& slice) { return slice.length > short_tokens_; };
  if (!beyond_ || std::none_of(step.slices.begin(), step.slices.end(), is_beyond))
    return rope_.at(step.positions);
  if (std::all_of(step.slices.begin(), step.slices.end(), is_beyond))
    return beyond_->at(step.positions);
  std::vector<nn::Rotation> parts;
  for (const nn::Slice& slice : step.slices) {
    const auto first = step.positions.begin() + slice.first;
    parts.push_back((is_beyond(slice) ? *beyond_ : rope_).table({first, first + slice.count}));
  }
  return nn::Rotation::joined(parts);
}

std::optional<mx::array> Decoder::query_scales(const Step& step) const {
  if (!query_scaling_) return std::nullopt;
  std::vector<float> scales;
  for (const nn::Position& position : step.positions) {
    const int times = position[0] / query_scaling_->tokens;
    scales.push_back(1 + query_scaling_->beta * std::log(1 + static_cast<float>(times)));
  }
  if (std::all_of(scales.begin(), scales.end(), [](float scale) { return scale == 1; }))
    return std::nullopt;
  return mx::array(scales.begin(), {step.rows(), 1, 1}, mx::float32);
}

mx::array Decoder::forward(const Step& step) const {
  const LayerRows rows{rotation(step), step.slices, query_scales(step)};
  mx::array h = embed_tokens_(step.tokens);
  const int width = h.shape(1);
  for (const VisualRows& visual : step.visuals) {
    h = mx::slice_update(h, mx::astype(rows_of(visual.features->embeddings, visual), h.dtype()),
                         {visual.first, 0}, {visual.first + visual.count, width});
  }
  // Behind the last layer's attention, and what pictures add to it, a row is nobody's but its own.
  const auto adds = [&](std::size_t layer) {
    return std::any_of(step.visuals.begin(), step.visuals.end(), [layer](const VisualRows& visual) {
      return layer < visual.features->deepstack.size();
    });
  };
  const bool cut = !layers_.empty() && !adds(layers_.size() - 1) &&
                   step.logits_rows.size() < step.positions.size();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool last = i + 1 == layers_.size();
    h = layers_[i](h, rows, static_cast<int>(i), last && cut ? &step.logits_rows : nullptr);
    for (const VisualRows& visual : step.visuals) {
      if (i >= visual.features->deepstack.size()) continue;
      const mx::array added = rows_of(visual.features->deepstack[i], visual);
      h = mx::slice_update_add(h, mx::astype(added, h.dtype()), {visual.first, 0},
                               {visual.first + visual.count, width});
    }
  }
  h = norm_(cut ? h : wanted_rows(h, step.logits_rows));
  return mx::astype(lm_head_ ? (*lm_head_)(h) : embed_tokens_.as_linear(h), mx::float32);
}

}  // namespace sanctum::models
