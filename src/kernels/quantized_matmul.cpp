#include "kernels/quantized_matmul.h"

#include "base/invariant.h"
#include "kernels/kernel_table.h"

namespace sanctum::kernels {
void quantize_rows(const float* x, const QuantizedRows& out, int first, int last, Isa isa) {
  SANCTUM_INVARIANT(out.block == 16 || out.block == 32 || out.block == 64, "block of a row");
  kernels_of(isa).quantize(
      {x, out.values, out.scales, out.weighted, out.bits, out.columns, out.block, first, last});
}

void multiply(const QuantizedRows& x, const PackedMatrix& w, float* out, std::size_t stride,
              const MatmulPart& part, Isa isa) {
  multiply(x, w, 0, w.outputs(), out, stride, part, isa);
}

void multiply(const QuantizedRows& x, const PackedMatrix& w, int at, int outputs, float* out,
              std::size_t stride, const MatmulPart& part, Isa isa) {
  SANCTUM_INVARIANT(x.columns == w.columns() && x.block == w.block(), "shapes of a product");
  kernels_of(isa).multiply({x.values,
                            x.scales,
                            x.weighted,
                            x.bits,
                            x.columns,
                            x.blocks(),
                            w.panel(at),
                            w.panel_bytes(),
                            w.group_bytes(),
                            w.codes() == Codes::kE2m1 ? kE2m1
                            : w.bits() == 8           ? kEightBits
                                                      : kFourBits,
                            static_cast<int>(w.scale_type()),
                            outputs,
                            w.block(),
                            w.group(),
                            out,
                            stride,
                            part.panel_first,
                            part.panel_last,
                            part.row_first,
                            part.row_last});
}

}  // namespace sanctum::kernels
