// The arithmetic of TDPB**D.
#pragma once

#include <cstdint>

namespace sanctum::amx {

inline constexpr int kTileRows = 16, kTileRowBytes = 64;
using Tile = std::uint8_t[kTileRows][kTileRowBytes];

struct ProductShape {
  int rows, columns, depth;  // columns and depth in groups of four bytes
};

// To each 32-bit sum, which wraps, adds the products of four bytes of `first`, by rows, with four
// of `second`, by columns. The two letters: whether these are signed.
using Product = void (*)(const ProductShape& shape, Tile& sums, const Tile& first,
                         const Tile& second);
extern const Product product_ss, product_su, product_us, product_uu;

}  // namespace sanctum::amx
