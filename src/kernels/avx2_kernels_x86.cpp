// AVX2 with FMA and F16C.
#include "kernels/avx2_vector.h"

namespace sanctum::kernels {
namespace {

struct Widened {
  // A block has at most 64 columns, so 8 pairs of products meet in a 16-bit sum, which holds them:
  // 8 * 2 * 15 * 127 < 32768. Neither vpmaddubsw nor the additions can saturate or wrap.
  static __m256i nibbles(__m256i sum, __m256i w, __m256i x) {
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x));
  }
  static __m256i nibble_sums(__m256i sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(1)); }
  static __m256i words(__m256i sum, __m256i w, __m256i x) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x));
  }
};

}  // namespace

const Kernels kAvx2Kernels{
    multiply_with<Avx2Vector<Widened>>, quantize_with<Avx2Vector<Widened>>,
    attend_with<Avx2Vector<Widened>>,   join_spans_with<Avx2Vector<Widened>>,
    rows_with<Avx2Vector<Widened>>,     multiply_float_with<Avx2Vector<Widened>>};

}  // namespace sanctum::kernels
