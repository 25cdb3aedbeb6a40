// Products of float rows with weights as they are stored, in bfloat16, float16 or float.
//
// A product is the sum over 16 virtual lanes (lane = column modulo 16), each a chain of fused
// products in column order, added in halves: the same bits for one row as for a thousand, on every
// path.
#pragma once

#include <cstddef>

#include "kernels/isa.h"
#include "kernels/number_type.h"

namespace sanctum::kernels {

struct FloatMatrix {
  const void* weight;  // [outputs, columns]
  NumberType type;
  int outputs, columns;
};

// out [rows, stride]: writes outputs [output_first, output_last) of rows [row_first, row_last).
struct FloatPart {
  int output_first, output_last;
  int row_first, row_last;
};
void multiply(const float* x, const FloatMatrix& w, float* out, std::size_t stride,
              const FloatPart& part, Isa isa);

}  // namespace sanctum::kernels
