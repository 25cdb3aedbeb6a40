// Attention with MLX's operations over contiguous keys and values.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <vector>

#include "nn/backend.h"

namespace sanctum::nn {

// Causal attention of each slice over its sequence's whole past and itself; grouped heads.
// q [tokens, heads, head_size], k and v [tokens, kv_heads, head_size] -> [tokens, heads *
// head_size]. Appends k and v to the caches of `layer`,
// which are ContiguousCaches.
mx::array causal_attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale,
                           const std::vector<Slice>& slices, int layer);

// Scores of one picture's attention that may be in memory at once.
inline constexpr std::uint64_t kScoresBytesMax = 256u << 20;

// Attention of rows of a picture over all of them. q [n, heads, head_size], k and v [rows, heads,
// head_size] -> [n, heads * head_size]. Where no fused kernel serves (MLX's CPU has none), heads *
// rows * rows float32 scores are materialized: over `scores_bytes_max` the rows are taken in
// chunks, which are evaluated here.
mx::array full_attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale,
                         std::uint64_t scores_bytes_max = kScoresBytesMax);

}  // namespace sanctum::nn
