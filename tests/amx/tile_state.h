// The tiles of one thread: what AMX's instructions do to them, with every rule that would fault
// held by fault.h. Rows and bytes of a tile beyond its shape are zero.
#pragma once

#include <cstdint>

#include "tile_product.h"

namespace sanctum::amx {

class TileState {
 public:
  // LDTILECFG and STTILECFG: 64 bytes. Resuming at a row is refused: nothing of ours does it.
  void load_config(const std::uint8_t* from);
  void store_config(std::uint8_t* to) const;
  void release() { *this = TileState(); }
  bool configured() const { return palette_ != 0; }

  void zero(int tile);
  void load(int tile, const std::uint8_t* from, std::uint64_t stride);
  void store(int tile, std::uint8_t* to, std::uint64_t stride) const;
  void multiply(Product product, const char* who, int sums, int first, int second);

 private:
  static constexpr int kTiles = 8;

  void require_valid(const char* who, int tile) const;
  void require_product(const char* who, int sums, int first, int second) const;

  std::uint8_t palette_ = 0;
  std::uint8_t rows_[kTiles] = {};
  std::uint16_t row_bytes_[kTiles] = {};
  Tile tiles_[kTiles] = {};
};

}  // namespace sanctum::amx
