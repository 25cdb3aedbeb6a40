// Attention with MLX's operations over contiguous keys and values.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/backend.h"

namespace sanctum::nn {

// See Backend::causal_attention. The slices' caches are ContiguousCaches.
mx::array causal_attention(const mx::array& q, const std::optional<KeyValueRows>& rows,
                           const AttentionForm& form, const std::vector<Slice>& slices, int layer);

// Scores of one picture's attention that may be in memory at once.
inline constexpr std::uint64_t kScoresBytesMax = 256u << 20;

// Attention of rows of a picture over all of them. q [n, heads, head_size], k and v [rows, heads,
// head_size] -> [n, heads * head_size]. Where no fused kernel serves (MLX's CPU has none), heads *
// rows * rows float32 scores are materialized: over `scores_bytes_max` the rows are taken in
// chunks, which are evaluated here.
mx::array full_attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale,
                         std::uint64_t scores_bytes_max = kScoresBytesMax);

}  // namespace sanctum::nn
