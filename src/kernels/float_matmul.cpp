#include "kernels/float_matmul.h"

#include "base/invariant.h"
#include "kernels/kernel_table.h"

namespace sanctum::kernels {

void multiply(const float* x, const FloatMatrix& w, float* out, std::size_t stride,
              const FloatPart& part, Isa isa) {
  SANCTUM_INVARIANT(part.output_first >= 0 && part.output_last <= w.outputs, "outputs of a part");
  kernels_of(isa).multiply_float({x, w.weight, w.type, w.columns, out, stride, part.output_first,
                                  part.output_last, part.row_first, part.row_last});
}

}  // namespace sanctum::kernels
