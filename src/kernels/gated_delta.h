// The gated delta rule (Yang et al., 2024) behind a short causal convolution, over packed rows of
// several sequences, as the linear layers of Qwen3-Next and Qwen3.5 have it. All in float32.
//
// A row qkv is the queries, keys and values of all heads. Each of its channels becomes SiLU of a
// convolution with the rows before it. Of each head q and k are divided by sqrt(sum of squares +
// 1e-6), q by sqrt(key_size) too; value head h takes those of head h / (value_heads / key_heads).
// Then, with decay = exp(-exp(a_log) * softplus(a + dt_bias)) and S, the head's state:
//     S = decay * S;  S += (sigmoid(b) * (v - S k)) k^T;  out = S q
// in this order for one token after another, in a prompt as in decoding.
//
// Promise: a row's bits depend on the states before its slice and on the slice's rows up to it: not
// on how a sequence's rows are cut into calls, on the other slices, on the threads, nor on the
// instruction set.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/kernel_arguments.h"
#include "kernels/runtime.h"

namespace sanctum::kernels {

// Invariant: value_heads is a multiple of key_heads, value_size of kDeltaRows; taps <=
// kDeltaTapsMax.
struct DeltaShape {
  int key_heads = 0, value_heads = 0;
  int key_size = 0, value_size = 0;  // of a head
  int taps = 0;                      // of the convolution, the row's own among them

  constexpr int key_dim() const { return key_heads * key_size; }
  constexpr int value_dim() const { return value_heads * value_size; }
  constexpr int channels() const { return 2 * key_dim() + value_dim(); }
  // Numbers of a sequence's two states; see DeltaSlice.
  constexpr std::size_t conv_numbers() const {
    return static_cast<std::size_t>(taps - 1) * static_cast<std::size_t>(channels());
  }
  constexpr std::size_t state_numbers() const {
    return static_cast<std::size_t>(value_dim()) * static_cast<std::size_t>(key_size);
  }
};
// What one sequence keeps of one layer.
constexpr std::size_t delta_bytes(const DeltaShape& shape) {
  return (shape.conv_numbers() + shape.state_numbers()) * sizeof(float);
}

struct DeltaWeights {
  const float* conv;  // [taps, channels], the oldest row's first
  const float* a_log;
  const float* dt_bias;  // both [value_heads]
};

// Packed rows.
struct DeltaRows {
  const float* qkv;  // [rows, channels]: q, k, v
  const float* a;
  const float* b;  // both [rows, value_heads]
};

// Rows [first, first + count) follow those that a sequence's states have; these are brought up to
// them. Zeros are the states of a sequence without rows. Nothing need be aligned; a state that is,
// to a cache's line, is faster.
struct DeltaSlice {
  int first = 0, count = 0;
  float* conv = nullptr;   // [taps - 1, channels]: the last rows of qkv
  float* state = nullptr;  // [value_heads, value_size / kDeltaRows, key_size, kDeltaRows]
};

// out [rows, value_heads, value_size]: of the slices' rows. No two slices share a state.
void gated_delta(Runtime& runtime, const DeltaShape& shape, const DeltaWeights& weights,
                 const DeltaRows& rows, const std::vector<DeltaSlice>& slices, float* out);

}  // namespace sanctum::kernels
