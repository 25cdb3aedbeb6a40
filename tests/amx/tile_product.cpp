#include "tile_product.h"

#include <cstring>

namespace sanctum::amx {
namespace {

template <class First, class Second>
void product(const ProductShape& shape, Tile& sums, const Tile& first, const Tile& second) {
  for (int row = 0; row < shape.rows; ++row) {
    std::uint32_t total[kTileRowBytes / 4];
    std::memcpy(total, sums[row], kTileRowBytes);
    for (int k = 0; k < shape.depth; ++k) {
      for (int column = 0; column < shape.columns; ++column) {
        int sum = 0;  // of four products of bytes: it can't overflow
        for (int i = 0; i < 4; ++i)
          sum += static_cast<First>(first[row][4 * k + i]) *
                 static_cast<Second>(second[k][4 * column + i]);
        total[column] += static_cast<std::uint32_t>(sum);
      }
    }
    std::memcpy(sums[row], total, kTileRowBytes);
  }
}

}  // namespace

const Product product_ss = product<std::int8_t, std::int8_t>;
const Product product_su = product<std::int8_t, std::uint8_t>;
const Product product_us = product<std::uint8_t, std::int8_t>;
const Product product_uu = product<std::uint8_t, std::uint8_t>;

}  // namespace sanctum::amx
