// Activations as integers: each block of columns of a row has its own scale.
//
// x = scale * q, |q| <= 127 (8 bits) or 32767 (16 bits), q rounded to the
// nearest even; a block without a finite largest value has scale NaN, so that its row and no other
// is NaN. 8-bit values stand in kColumnOrder within each four, as the weights do; 16-bit ones in
// order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/isa.h"

namespace sanctum::kernels {

// Views of buffers that the caller owns; [rows, columns] and [rows, columns / block].
struct QuantizedRows {
  int rows = 0, columns = 0, block = 0;
  int bits = 8;
  void* values = nullptr;   // int8_t or int16_t
  float* scales = nullptr;  // of each block
  float* weighted =
      nullptr;  // scale * (sum of the block's values): what a weight's bias multiplies

  int blocks() const { return columns / block; }
  const std::int8_t* row8(int row) const {
    return static_cast<const std::int8_t*>(values) + static_cast<std::size_t>(row) * columns;
  }
  const std::int16_t* row16(int row) const {
    return static_cast<const std::int16_t*>(values) + static_cast<std::size_t>(row) * columns;
  }
};

// Quantizes rows [first, last) of x [rows, columns] into `out`; block is 16, 32 or 64.
void quantize_rows(const float* x, const QuantizedRows& out, int first, int last, Isa isa);

}  // namespace sanctum::kernels
