// Whole products, shared among a runtime's threads: x [rows, columns] times the transpose of a
// weight matrix, out [rows, outputs]. The bits are those of quantized_matmul.h and float_matmul.h,
// however many threads there are.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/float_matmul.h"
#include "kernels/packed_matrix.h"
#include "kernels/runtime.h"

namespace sanctum::kernels {

// What threads share a product out by, here and in experts.h.
inline constexpr int kRowsPerItem = 128;  // whose activations stay in a core's cache
constexpr int row_items_of(int rows) {
  return (rows + kRowsPerItem - 1) / kRowsPerItem;
}
inline constexpr int kItemsPerThread = 12;  // so that a thread that is late costs little
// Of weights that an item reads, or many threads would wait for each other's tickets: two
// microseconds of one core.
inline constexpr std::size_t kItemBytesMin = 32 << 10;

// row_bits: 8 or 16, of the activations; 16 for 8-bit weights.
void multiply_all(Runtime& runtime, const float* x, int rows, const PackedMatrix& w, int row_bits,
                  float* out);

// One of several matrices that the same rows meet, and where its products go.
struct ProductTo {
  const PackedMatrix* w;
  float* out;  // [rows, outputs of w]
};
// All of them: x is quantized once, and its threads meet once. The matrices have the same columns
// and block.
void multiply_all(Runtime& runtime, const float* x, int rows, std::span<const ProductTo> products,
                  int row_bits);

void multiply_all(Runtime& runtime, const float* x, int rows, const FloatMatrix& w, float* out);

}  // namespace sanctum::kernels
