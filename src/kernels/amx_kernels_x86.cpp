// AVX-512 with VNNI, and AMX's tiles of bytes for products of many rows. Not yet run on hardware
// with AMX; elsewhere the same kernel is tested over plain_tiles.h.
#include "kernels/avx512_vector.h"
#include "kernels/tile_panel.h"

namespace sanctum::kernels {
namespace {

struct ThisFile {};
using Avx512 = Avx512Vector<ThisFile>;

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

}  // namespace

const Kernels kAmxKernels{multiply_with_tiles<Avx512, AmxTiles>, quantize_with<Avx512>,
                          attend_with<Avx512>, rows_with<Avx512>, multiply_float_with<Avx512>};

}  // namespace sanctum::kernels
