// A mixture of experts: every row meets the few matrices that were chosen for it.
//
// out[row] = sum over the row's experts e, in ascending order, of
//     weight * down_e(act(gate_e(x[row])) * up_e(x[row]))
// each of the three with a bias, where there are any.
// Rows are sorted by expert, so that an expert's weights are read once. The products' bits are
// those of quantized_matmul.h and float_matmul.h, and a row's depend on that row alone.
#pragma once

#include <cstdint>

#include "kernels/activation.h"
#include "kernels/float_matmul.h"
#include "kernels/packed_matrix.h"
#include "kernels/runtime.h"

namespace sanctum::kernels {

// The matrices of all experts, one after another.
struct ExpertMatrices {
  const PackedMatrix* packed = nullptr;  // [experts * outputs, columns], outputs by kPanelRows
  FloatMatrix plain{};                   // the same, where there is no packed one
  int outputs = 0;                       // of one expert

  int columns() const { return packed != nullptr ? packed->columns() : plain.columns; }
};

struct ExpertLayer {
  ExpertMatrices gate, up;  // [inner, width]
  ExpertMatrices down;      // [width, inner]
  Activation act;
  int gate_bits, up_bits, down_bits;  // of the activations that meet them, where they are packed
  // Added to what they give, [experts, outputs] each; null: nothing is.
  const float* gate_bias = nullptr;
  const float* up_bias = nullptr;
  const float* down_bias = nullptr;
};

// Which of them each row meets: different ones.
struct Routes {
  int rows, chosen, experts;
  const std::int32_t* expert;  // [rows, chosen], each < experts
  const float* weight;         // the same
};

// x and out [rows, width].
void mix_experts(Runtime& runtime, const ExpertLayer& layer, const float* x, const Routes& routes,
                 float* out);

}  // namespace sanctum::kernels
