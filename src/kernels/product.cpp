#include "kernels/product.h"

#include <algorithm>

#include "kernels/quantized_matmul.h"

namespace sanctum::kernels {
namespace {

constexpr int kFloatOutputsMin = 16;  // of an item

struct Grid {
  int units;  // panels or outputs
  int units_per_item;
  int row_items;

  int items() const { return (units + units_per_item - 1) / units_per_item * row_items; }
};

// Items of one part of the weights follow one another, so that it is read from memory once.
Grid grid_of(int rows, int units, int units_min, int threads) {
  const int wanted = std::max(1, threads * kItemsPerThread);
  const int per_item = std::max(units_min, (units + wanted - 1) / wanted);
  return {units, per_item, row_items_of(rows)};
}

// Calls work(first unit, last unit, first row, last row) for every item.
template <class Work>
void share(ThreadPool& pool, const Grid& grid, int rows, const Work& work) {
  pool.run(grid.items(), [&](int item) {
    const int first = item / grid.row_items * grid.units_per_item;
    const int row = item % grid.row_items * kRowsPerItem;
    work(first, std::min(first + grid.units_per_item, grid.units), row,
         std::min(row + kRowsPerItem, rows));
  });
}

}  // namespace

void multiply_all(Runtime& runtime, const float* x, int rows, const PackedMatrix& w, int row_bits,
                  float* out) {
  const ProductTo product{&w, out};
  multiply_all(runtime, x, rows, {&product, 1}, row_bits);
}

void multiply_all(Runtime& runtime, const float* x, int rows, std::span<const ProductTo> products,
                  int row_bits) {
  const PackedMatrix& any = *products.front().w;
  const QuantizedRows q = runtime.quantized_rows(rows, any.columns(), any.block(), row_bits);
  runtime.share_rows(rows, any.columns(), [&](RowRange range) {
    quantize_rows(x, q, range.first, range.last, runtime.isa());
  });
  int panels = 0;
  for (const ProductTo& product : products) panels += product.w->panels();
  const int panels_min =
      static_cast<int>(std::max<std::size_t>(kItemBytesMin / any.panel_bytes(), 1));
  const Grid grid = grid_of(rows, panels, panels_min, runtime.pool().threads());
  share(runtime.pool(), grid, rows, [&](int first, int last, int row, int row_last) {
    int before = 0;  // panels of the matrices that came before
    for (const auto& [w, out] : products) {
      const int from = std::max(first - before, 0), to = std::min(last - before, w->panels());
      if (from < to) {
        multiply(q, *w, out, static_cast<std::size_t>(w->outputs()), {from, to, row, row_last},
                 runtime.isa());
      }
      before += w->panels();
    }
  });
}

void multiply_all(Runtime& runtime, const float* x, int rows, const FloatMatrix& w, float* out) {
  const Grid grid = grid_of(rows, w.outputs, kFloatOutputsMin, runtime.pool().threads());
  const auto stride = static_cast<std::size_t>(w.outputs);
  share(runtime.pool(), grid, rows, [&](int first, int last, int row, int row_last) {
    multiply(x, w, out, stride, {first, last, row, row_last}, runtime.isa());
  });
}

}  // namespace sanctum::kernels
