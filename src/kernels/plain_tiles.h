// Tiles in plain C++ for tile_panel.h: they do what AMX's instructions are documented to do, shapes
// included, and abort where those would fault. For tests: they are slow.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "base/invariant.h"
#include "kernels/tile_panel.h"

namespace sanctum::kernels {

class PlainTiles {
 public:
  explicit PlainTiles(const TileShapes& shapes) : shapes_(shapes) {
    SANCTUM_INVARIANT(shapes.palette == 1, "palette of tiles");
    for (int tile = 0; tile < kTiles; ++tile) {
      SANCTUM_INVARIANT(rows(tile) <= kTileRows, "rows of a tile");
      SANCTUM_INVARIANT(row_bytes(tile) <= kTileRowBytes, "bytes of a tile's row");
    }
  }

  void release() { shapes_ = {}; }
  template <int kTile>
  void clear() {
    tiles_[kTile].fill(0);
  }
  template <int kTile>
  void load(const std::uint8_t* from, std::size_t stride) {
    clear<kTile>();
    for (int row = 0; row < rows(kTile); ++row)
      std::memcpy(&tiles_[kTile][row * kTileRowBytes], from + row * stride, row_bytes(kTile));
  }
  template <int kTile>
  void store(std::uint8_t* to, std::size_t stride) const {
    for (int row = 0; row < rows(kTile); ++row)
      std::memcpy(to + row * stride, &tiles_[kTile][row * kTileRowBytes], row_bytes(kTile));
  }
  template <int kSums, int kRows, int kWeights>
  void multiply_signed() {
    multiply<std::int8_t>(kSums, kRows, kWeights);
  }
  template <int kSums, int kRows, int kWeights>
  void multiply_unsigned() {
    multiply<std::uint8_t>(kSums, kRows, kWeights);
  }

 private:
  using Tile = std::array<std::uint8_t, kTileBytes>;

  int rows(int tile) const { return shapes_.rows[tile]; }
  int row_bytes(int tile) const { return shapes_.row_bytes[tile]; }

  // Adds to each 32-bit sum the products of four bytes of x with four of w.
  template <class Byte>
  [[gnu::noinline]] void multiply(int sums, int x, int w) {
    SANCTUM_INVARIANT(sums != x && sums != w && x != w, "tiles of a product");
    SANCTUM_INVARIANT(rows(sums) == rows(x) && row_bytes(sums) == row_bytes(w), "its shapes");
    SANCTUM_INVARIANT(row_bytes(x) == 4 * rows(w), "its depth");
    for (int row = 0; row < rows(sums); ++row) {
      for (int lane = 0; lane < row_bytes(sums) / 4; ++lane) {
        std::uint8_t* at = &tiles_[sums][row * kTileRowBytes + lane * 4];
        std::uint32_t sum;
        std::memcpy(&sum, at, sizeof sum);
        for (int i = 0; i < row_bytes(x); ++i) {
          const auto a = static_cast<Byte>(tiles_[x][row * kTileRowBytes + i]);
          const int b = tiles_[w][i / 4 * kTileRowBytes + lane * 4 + i % 4];
          sum += static_cast<std::uint32_t>(a * b);
        }
        std::memcpy(at, &sum, sizeof sum);
      }
    }
  }

  TileShapes shapes_;
  std::array<Tile, kTiles> tiles_{};
};

}  // namespace sanctum::kernels
