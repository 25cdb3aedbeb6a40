// AVX2 with AVX-VNNI.
#include "kernels/avx2_vector.h"

namespace sanctum::kernels {
namespace {

struct Vnni {
  static __m256i nibbles(__m256i sum, __m256i w, __m256i x) {
    return _mm256_dpbusd_avx_epi32(sum, w, x);
  }
  static __m256i nibble_sums(__m256i sum) { return sum; }
  static __m256i bytes(__m256i sum, __m256i w, __m256i x) {
    return _mm256_dpbusd_avx_epi32(sum, w, x);
  }
  static __m256i words(__m256i sum, __m256i w, __m256i x) {
    return _mm256_dpwssd_avx_epi32(sum, w, x);
  }
};

}  // namespace

const Kernels kAvx2VnniKernels{
    multiply_with<Avx2Vector<Vnni>>, quantize_with<Avx2Vector<Vnni>>,
    attend_with<Avx2Vector<Vnni>>,   join_spans_with<Avx2Vector<Vnni>>,
    rows_with<Avx2Vector<Vnni>>,     multiply_float_with<Avx2Vector<Vnni>>,
    convolve_with<Avx2Vector<Vnni>>, delta_with<Avx2Vector<Vnni>>};

}  // namespace sanctum::kernels
