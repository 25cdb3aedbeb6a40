#include "kernels/rows.h"

#include "base/invariant.h"
#include "kernels/kernel_table.h"

namespace sanctum::kernels {
namespace {

RowArguments arguments(RowKind kind, const float* x, int columns, float* out, RowRange range) {
  RowArguments a{};
  a.kind = kind;
  a.x = x;
  a.out = out;
  a.columns = columns;
  a.heads = 1;
  a.row_first = range.first;
  a.row_last = range.last;
  return a;
}

}  // namespace

void rms_norm(const float* x, const float* weight, float eps, int columns, float* out,
              RowRange range, Isa isa) {
  RowArguments a = arguments(RowKind::kRmsNorm, x, columns, out, range);
  a.weight = weight;
  a.eps = eps;
  kernels_of(isa).rows(a);
}

void layer_norm(const float* x, const float* weight, const float* bias, float eps, int columns,
                float* out, RowRange range, Isa isa) {
  RowArguments a = arguments(RowKind::kLayerNorm, x, columns, out, range);
  a.weight = weight;
  a.bias = bias;
  a.eps = eps;
  kernels_of(isa).rows(a);
}

void activate(Activation act, const float* x, const float* other, int columns, float* out,
              RowRange range, Isa isa) {
  RowArguments a = arguments(RowKind::kActivation, x, columns, out, range);
  a.activation = act;
  a.other = other;
  kernels_of(isa).rows(a);
}

void rope(const float* x, const float* angles, int heads, int head_size, int rotated, float* out,
          RowRange range, Isa isa) {
  SANCTUM_INVARIANT(x != out && rotated % 2 == 0 && rotated <= head_size, "rows of rope");
  RowArguments a = arguments(RowKind::kRope, x, head_size, out, range);
  a.heads = heads;
  a.rotated = rotated;
  a.other = angles;
  kernels_of(isa).rows(a);
}

}  // namespace sanctum::kernels
