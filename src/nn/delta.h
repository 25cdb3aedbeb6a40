// What a gated delta layer has, whatever it is computed with; kernels/gated_delta.h says what it
// computes. A sequence's states of a layer are kernels::delta_bytes(shape) on every backend, zeros
// before its first token.
//
// The norm behind it, of each head by itself (Qwen3NextRMSNormGated), is Backend::rms_norm of its
// output and then Backend::gate with SiLU of z, in float32.
#pragma once

#include <mlx/array.h>

#include "kernels/gated_delta.h"

namespace sanctum::nn {

namespace mx = mlx::core;

using kernels::DeltaShape;

// All float32.
struct DeltaWeights {
  mx::array conv;  // [taps, channels], the oldest row's first
  mx::array a_log;
  mx::array dt_bias;  // both [value_heads]
};

// Of what is stored, in any floating type: `conv` [channels, taps], [channels, taps, 1] or
// [channels, 1, taps].
DeltaWeights delta_weights(const mx::array& conv, const mx::array& a_log, const mx::array& dt_bias);

}  // namespace sanctum::nn
