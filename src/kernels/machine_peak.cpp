#include "kernels/machine_peak.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sanctum::kernels {

#if defined(__x86_64__)
namespace {

// `asm` keeps the compiler from computing anything ahead.
#define SANCTUM_CHAINS(Vector, zero, step)            \
  Vector sums[kPeakChains], w = zero, x = zero;       \
  for (Vector & sum : sums) sum = zero;               \
  for (std::int64_t i = 0; i < steps; ++i) {          \
    for (Vector & sum : sums) {                       \
      step;                                           \
      asm volatile("" : "+v"(sum), "+v"(w), "+v"(x)); \
    }                                                 \
  }

__attribute__((target("avx2"))) void avx2(std::int64_t steps) {
  SANCTUM_CHAINS(__m256i, _mm256_setzero_si256(),
                 sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x)))
}
__attribute__((target("avx2,avxvnni"))) void avx2_vnni(std::int64_t steps) {
  SANCTUM_CHAINS(__m256i, _mm256_setzero_si256(), sum = _mm256_dpbusd_avx_epi32(sum, w, x))
}
__attribute__((target("avx512f,avx512vnni"))) void avx512_vnni(std::int64_t steps) {
  SANCTUM_CHAINS(__m512i, _mm512_setzero_si512(), sum = _mm512_dpbusd_epi32(sum, w, x))
}

#undef SANCTUM_CHAINS

}  // namespace

int byte_products(Isa isa) {
  switch (isa) {
    case Isa::kAvx2:
    case Isa::kAvx2Vnni:
      return 32;
    case Isa::kAvx512Vnni:
      return 64;
    default:
      return 0;
  }
}

void multiply_bytes(Isa isa, std::int64_t steps) {
  if (isa == Isa::kAvx2) return avx2(steps);
  if (isa == Isa::kAvx2Vnni) return avx2_vnni(steps);
  if (isa == Isa::kAvx512Vnni) return avx512_vnni(steps);
}
#else
int byte_products(Isa) {
  return 0;
}
void multiply_bytes(Isa, std::int64_t) {}
#endif

}  // namespace sanctum::kernels
