// AVX2 with FMA and F16C.
#include "kernels/avx2_vector.h"

namespace sanctum::kernels {
namespace {

struct Widened {
  // A block has at most 64 columns, so 8 pairs of products meet in a 16-bit sum, which holds them:
  // 8 * 2 * 15 * 127 < 32768; E2M1's blocks have at most 32, and 4 * 2 * 24 * 127 < 32768. Neither
  // vpmaddubsw nor the additions can saturate or wrap.
  static __m256i nibbles(__m256i sum, __m256i w, __m256i x) {
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x));
  }
  static __m256i nibble_sums(__m256i sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(1)); }
  // vpmaddubsw would saturate: each byte of a pair is widened first. No faster than 16-bit rows.
  static __m256i bytes(__m256i sum, __m256i w, __m256i x) {
    const __m256i w_even = _mm256_and_si256(w, _mm256_set1_epi16(0xff));
    const __m256i x_even = _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8);
    sum = words(sum, w_even, x_even);
    return words(sum, _mm256_srli_epi16(w, 8), _mm256_srai_epi16(x, 8));
  }
  static __m256i words(__m256i sum, __m256i w, __m256i x) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x));
  }
};

}  // namespace

const Kernels kAvx2Kernels{
    multiply_with<Avx2Vector<Widened>>, quantize_with<Avx2Vector<Widened>>,
    attend_with<Avx2Vector<Widened>>,   join_spans_with<Avx2Vector<Widened>>,
    rows_with<Avx2Vector<Widened>>,     multiply_float_with<Avx2Vector<Widened>>,
    convolve_with<Avx2Vector<Widened>>, delta_with<Avx2Vector<Widened>>};

}  // namespace sanctum::kernels
