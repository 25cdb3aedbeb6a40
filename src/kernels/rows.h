// What the layers do to single rows, each by itself: norms, activations, rotary positions.
//
// x and out are [rows, columns]; out may be x, but not for rope. A row's bits depend on that row
// alone; every instruction set gives the same ones.
#pragma once

#include "kernels/activation.h"
#include "kernels/isa.h"

namespace sanctum::kernels {

// Rows [first, last) of a call.
struct RowRange {
  int first, last;
};

// x / sqrt(mean(x^2) + eps) * weight; weight [columns].
void rms_norm(const float* x, const float* weight, float eps, int columns, float* out,
              RowRange range, Isa isa);
// (x - mean) / sqrt(variance + eps) * weight + bias; both [columns].
void layer_norm(const float* x, const float* weight, const float* bias, float eps, int columns,
                float* out, RowRange range, Isa isa);
// act(x) * other; without `other`, which may be null, act(x).
void activate(Activation act, const float* x, const float* other, int columns, float* out,
              RowRange range, Isa isa);
// x [rows, heads, head_size]; angles [rows, rotated]: the cosines of its pairs, then the sines. Of
// each head the first `rotated` features turn, the others stay.
void rope(const float* x, const float* angles, int heads, int head_size, int rotated, float* out,
          RowRange range, Isa isa);

}  // namespace sanctum::kernels
