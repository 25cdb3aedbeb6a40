// Products of quantized activations with packed weights.
//
// y[row][output] = sum over blocks b, in order, of
//     (scale[output][b] * int(sum of q * x over b)) * scale_x[row][b] + bias[output][b] *
//     weighted[row][b]
// with each product-and-sum fused (one rounding). The integer sums are exact, so every path gives
// the same bits, for one row as for a thousand. 4-bit weights take 8- or 16-bit activations, 8-bit
// weights 16-bit ones. E2M1: q is the value in halves plus 12, the bias -12 times what is kept of
// the scale.
#pragma once

#include "kernels/isa.h"
#include "kernels/packed_matrix.h"
#include "kernels/quantized_rows.h"

namespace sanctum::kernels {

// out [rows, stride]: writes columns [16 * panel_first, min(16 * panel_last, outputs)) of rows
// [row_first, row_last).
struct MatmulPart {
  int panel_first, panel_last;
  int row_first, row_last;
};
void multiply(const QuantizedRows& x, const PackedMatrix& w, float* out, std::size_t stride,
              const MatmulPart& part, Isa isa);
// The same of one of several matrices that are packed one after another: the `outputs` from panel
// `at` on are a matrix of their own.
void multiply(const QuantizedRows& x, const PackedMatrix& stack, int at, int outputs, float* out,
              std::size_t stride, const MatmulPart& part, Isa isa);

}  // namespace sanctum::kernels
