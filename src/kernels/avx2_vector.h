// AVX2's vector of eight lanes for the kernels; how it multiplies integers comes from Dot.
#pragma once

#include <immintrin.h>

#include "kernels/attention_kernel.h"
#include "kernels/float_matmul_kernel.h"
#include "kernels/gated_delta_kernel.h"
#include "kernels/quantized_panel.h"
#include "kernels/row_kernels.h"

namespace sanctum::kernels {

template <class Dot>
struct Avx2Vector : Dot {
  static constexpr int kLanes = 8;
  static constexpr int kRowsMax = 4;
  using I = __m256i;
  using F = __m256;

  static I zero_i() { return _mm256_setzero_si256(); }
  static F zero_f() { return _mm256_setzero_ps(); }
  static I load_i(const std::uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static I low_nibbles(I a) { return _mm256_and_si256(a, _mm256_set1_epi8(15)); }
  static I high_nibbles(I a) {
    return _mm256_and_si256(_mm256_srli_epi16(a, 4), _mm256_set1_epi8(15));
  }
  static I e2m1_bytes(I codes) {
    const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kE2m1Bytes));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), codes);
  }
  static I even_bytes(I a) { return _mm256_and_si256(a, _mm256_set1_epi16(0xff)); }
  static I odd_bytes(I a) { return _mm256_srli_epi16(a, 8); }
  static I add_i(I a, I b) { return _mm256_add_epi32(a, b); }
  static I four_bytes(const void* x) {
    int value;
    __builtin_memcpy(&value, x, 4);
    return _mm256_set1_epi32(value);
  }
  static I dot_nibbles(I sum, I w, const std::int8_t* x) {
    return Dot::nibbles(sum, w, four_bytes(x));
  }
  static I dot_bytes(I sum, I w, const std::int8_t* x) { return Dot::bytes(sum, w, four_bytes(x)); }
  static I dot_words(I sum, I w, const std::int16_t* x) {
    return Dot::words(sum, w, four_bytes(x));
  }
  static F to_float(I a) { return _mm256_cvtepi32_ps(a); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F broadcast(float value) { return _mm256_set1_ps(value); }
  template <int kType>
  static F load_numbers(const void* from, int index) {
    if constexpr (kType == kFloat32) {
      return _mm256_loadu_ps(static_cast<const float*>(from) + index);
    } else {
      const auto* at = static_cast<const std::uint16_t*>(from) + index;
      const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      if constexpr (kType == kFloat16) return _mm256_cvtph_ps(half);
      return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
    }
  }
  static F load_int8(const void* from, int index) {
    const auto* at = static_cast<const std::int8_t*>(from) + index;
    return _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
  }
  static F load_f(const float* from) { return _mm256_loadu_ps(from); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  // b where either is no number.
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F min(F a, F b) { return _mm256_min_ps(a, b); }
  static F div(F a, F b) { return _mm256_div_ps(a, b); }
  static F negative_abs(F a) { return _mm256_or_ps(a, _mm256_set1_ps(-0.0f)); }
  static F where_negative(F x, F a, F b) { return _mm256_blendv_ps(b, a, x); }
  static F round(F a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static F times_power_of_two(F a, F n) {
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(a), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
  }
  static F zero_where_below(F x, float limit, F a) {
    return _mm256_and_ps(_mm256_cmp_ps(x, broadcast(limit), _CMP_NLT_UQ), a);
  }
  static void store(float* to, F a) { _mm256_storeu_ps(to, a); }
};

}  // namespace sanctum::kernels
