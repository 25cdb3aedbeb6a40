// AVX2 with FMA and F16C.
#include "kernels/avx2_vector.h"

namespace sanctum::kernels {
namespace {

struct Widened {
  // vpmaddubsw saturates its pairs at 16 bits; a nibble's product with a byte cannot get there:
  // 2 * 15 * 127 < 32768.
  static __m256i bytes(__m256i sum, __m256i w, __m256i x) {
    return words(sum, _mm256_maddubs_epi16(w, x), _mm256_set1_epi16(1));
  }
  static __m256i words(__m256i sum, __m256i w, __m256i x) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x));
  }
};

}  // namespace

const Kernels kAvx2Kernels{multiply_with<Avx2Vector<Widened>>, quantize_with<Avx2Vector<Widened>>,
                           attend_with<Avx2Vector<Widened>>, rows_with<Avx2Vector<Widened>>,
                           multiply_float_with<Avx2Vector<Widened>>};

}  // namespace sanctum::kernels
