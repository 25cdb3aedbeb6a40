#include "kernels/machine_peak.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/tile_panel.h"
#endif

namespace sanctum::kernels {

#if defined(__x86_64__)
namespace {

// An empty `asm` keeps the compiler from computing anything ahead.
__attribute__((target("avx2"))) void avx2(std::int64_t steps) {
  __m256i sums[kPeakChains], w = _mm256_setzero_si256(), x = _mm256_setzero_si256();
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  for (std::int64_t i = 0; i < steps; ++i) {
    for (__m256i& sum : sums) {
      sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x));
      asm volatile("" : "+v"(sum), "+v"(w), "+v"(x));
    }
  }
}
__attribute__((target("avx2,avxvnni"))) void avx2_vnni(std::int64_t steps) {
  __m256i sums[kPeakChains], w = _mm256_setzero_si256(), x = _mm256_setzero_si256();
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  for (std::int64_t i = 0; i < steps; ++i) {
    for (__m256i& sum : sums) {
      sum = _mm256_dpbusd_avx_epi32(sum, w, x);
      asm volatile("" : "+v"(sum), "+v"(w), "+v"(x));
    }
  }
}
__attribute__((target("avx512f,avx512vnni"))) void avx512_vnni(std::int64_t steps) {
  __m512i sums[kPeakChains], w = _mm512_setzero_si512(), x = _mm512_setzero_si512();
  for (__m512i& sum : sums) sum = _mm512_setzero_si512();
  for (std::int64_t i = 0; i < steps; ++i) {
    for (__m512i& sum : sums) {
      sum = _mm512_dpbusd_epi32(sum, w, x);
      asm volatile("" : "+v"(sum), "+v"(w), "+v"(x));
    }
  }
}
__attribute__((target("amx-tile,amx-int8"))) void amx(std::int64_t steps) {
  static_assert(kPeakChains == 8);
  const TileShapes& shapes = kTileShapes<kTileRowBytes>;
  _tile_loadconfig(&shapes);
  for (std::int64_t i = 0; i < 2 * steps; ++i) {  // four chains, as in the kernel
    _tile_dpbsud(0, 4, 6);
    _tile_dpbsud(1, 4, 6);
    _tile_dpbsud(2, 4, 6);
    _tile_dpbsud(3, 4, 6);
  }
  _tile_release();
}

}  // namespace

int byte_products(Isa isa) {
  switch (isa) {
    case Isa::kAvx2:
    case Isa::kAvx2Vnni:
      return 32;
    case Isa::kAvx512Vnni:
      return 64;
    case Isa::kAmx:
      return kTileRows * kTileRowBytes * kPanelRows;
    default:
      return 0;
  }
}

void multiply_bytes(Isa isa, std::int64_t steps) {
  if (isa == Isa::kAvx2) return avx2(steps);
  if (isa == Isa::kAvx2Vnni) return avx2_vnni(steps);
  if (isa == Isa::kAvx512Vnni) return avx512_vnni(steps);
  if (isa == Isa::kAmx) return amx(steps);
}
#else
int byte_products(Isa) {
  return 0;
}
void multiply_bytes(Isa, std::int64_t) {}
#endif

}  // namespace sanctum::kernels
