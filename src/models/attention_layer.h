// Rotary grouped-query attention in a layer of the common decoder, as its forms say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/decoder_config.h"
#include "nn/layers.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace sanctum::models {

namespace mx = mlx::core;

// What all layers need to know of a step's rows.
struct LayerRows {
  nn::Rotation rope;
  const std::vector<nn::Slice>& slices;
  std::optional<mx::array> query_scales;  // [rows, 1, 1]
};

class AttentionLayer {
 public:
  AttentionLayer(nn::Weights& w, const std::string& path, const DecoderConfig& c,
                 std::size_t layer);
  // x [rows, width] -> [rows, heads * head_size]. `memory`: which of KvShape::layers.
  mx::array mix(const mx::array& x, const LayerRows& rows, int memory) const;
  // Of what mix() gave, some rows or all -> [rows, width].
  mx::array project(const mx::array& mixed) const { return o_proj_(mixed); }

 private:
  int heads_, kv_heads_, head_size_;
  bool rotates_, gated_;
  nn::LinearGroup qkv_proj_;
  nn::Linear o_proj_;
  std::optional<nn::RmsNorm> q_norm_, k_norm_;
  nn::Attention attend_;
};

}  // namespace sanctum::models
