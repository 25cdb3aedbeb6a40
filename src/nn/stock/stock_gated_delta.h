// The gated delta rule with MLX's operations, token after token. There is no fused Metal kernel of
// ours for it yet, as mlx-lm has one.
#pragma once

#include "nn/delta.h"

namespace sanctum::nn {

// What a sequence keeps of a layer, float32.
struct DeltaState {
  mx::array conv;   // [taps - 1, channels]: the last rows of qkv
  mx::array state;  // [value_heads, value_size, key_size]
};
// Of a sequence without tokens.
DeltaState no_delta_state(const DeltaShape& shape);

struct DeltaStep {
  mx::array out;  // float32 [rows, value_heads, value_size]
  DeltaState after;
};
// The next rows of one sequence: qkv [rows, channels], a and b [rows, value_heads], of any floating
// type.
DeltaStep gated_delta(const DeltaShape& shape, const DeltaWeights& weights, const mx::array& qkv,
                      const mx::array& a, const mx::array& b, const DeltaState& before);

}  // namespace sanctum::nn
