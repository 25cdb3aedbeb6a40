// AMX's tiles for tile_panel.h. File is a type private to the file that includes this, so that each
// has a copy of its own: see quantized_panel.h's rule.
#pragma once

#include <immintrin.h>

#include "kernels/tile_panel.h"

namespace sanctum::kernels {

template <class File>
class AmxTiles {
 public:
  explicit AmxTiles(const TileShapes& shapes) { _tile_loadconfig(&shapes); }
  void release() { _tile_release(); }

  template <int kTile>
  void clear() {
    _tile_zero(kTile);
  }
  template <int kTile>
  void load(const std::uint8_t* from, std::size_t stride) {
    _tile_loadd(kTile, from, stride);
  }
  template <int kTile>
  void store(std::uint8_t* to, std::size_t stride) const {
    _tile_stored(kTile, to, stride);
  }
  template <int kSums, int kRows, int kWeights>
  void multiply_signed() {
    _tile_dpbsud(kSums, kRows, kWeights);
  }
  template <int kSums, int kRows, int kWeights>
  void multiply_unsigned() {
    _tile_dpbuud(kSums, kRows, kWeights);
  }
};

}  // namespace sanctum::kernels
