// Matrices of E4M3 that no kernel reads as such: made bfloat16 when they are loaded.
#pragma once

#include <mlx/array.h>

#include <functional>
#include <vector>

namespace sanctum::nn {

namespace mx = mlx::core;

// One scale for each block of so many rows and columns; the last blocks may be narrower.
struct BlockScales {
  std::vector<float> values;  // row by row of blocks
  int block_rows, block_columns;
};

// Backend::share.
using Share = std::function<void(int items, const std::function<void(int)>& work)>;

// bfloat16 [rows, columns]: each number times its block's scale in float, rounded once to the
// nearest (as mlx_lm and transformers do it; exact where scales are powers of two). `bytes`: what
// has the rows' numbers, evaluated and row by row.
mx::array bfloat16_of_e4m3(const mx::array& bytes, int rows, int columns, const BlockScales& scales,
                           const Share& share);

}  // namespace sanctum::nn
