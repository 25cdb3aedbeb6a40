// The gated delta rule with our kernels, as a node of MLX's graph; see kernels/gated_delta.h for
// what the arithmetic depends on.
#pragma once

#include <vector>

#include "nn/cpu/cpu_matrix.h"
#include "nn/delta.h"

namespace sanctum::nn {

// qkv [rows, channels], a and b [rows, value_heads], float32 -> float32 [rows, value_heads,
// value_size]. The slices cover the rows. Their states are written when the node is evaluated,
// once; they must outlive it.
mx::array gated_delta(const RuntimePointer& runtime, const DeltaShape& shape,
                      const DeltaWeights& weights, const mx::array& qkv, const mx::array& a,
                      const mx::array& b, std::vector<kernels::DeltaSlice> slices);

}  // namespace sanctum::nn
