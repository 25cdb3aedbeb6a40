// Quantized blocks as MLX's affine weights: w = scale * q + bias, in groups of 32, q of 4 or 8 bits
// with element 0 in a word's lowest bits, scale and bias in float16.
//
// How exact, by type:
// - Q4_0, Q4_1 (4 bits), Q8_0, Q5_0, Q5_1, IQ4_NL (8 bits): exactly; the scales are float16 in the
//   file already.
// - Q4_K (4 bits), Q5_K, IQ4_XS (8 bits): q exactly; scale and bias are a float16 times six bits,
//   rounded to the nearest float16: relative 2^-11 at most, or 2^-25 under float16's normal range
//   of 2^-14. That is a thousandth of a step and less; float32 would keep the rest, and take a bit
//   more of memory for each weight.
// - MXFP4 (8 bits): exactly where a scale is a float16, from 2^-24 on.
// - Q2_K, Q3_K, Q6_K have groups of 16: requantized to 8 bits over 32. The error is at most half a
//   step, and a step is (largest - smallest weight of the group) / 255, rounded up to a float16. Of
//   Q6_K that is about a quarter of its own step.
// Pure functions. Throws Error(kInvalid) with a message that begins with a verb, for the caller to
// put a name before: for scales that no float16 holds, which no trained model has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gguf/tensor_type.h"

namespace sanctum::gguf {

inline constexpr int kAffineGroup = 32;

// 4 or 8; `type` must be quantized.
int affine_bits(Type type);

// Whole blocks, one row or more: `words` of 4 * affine_bits() bytes for each group of 32 weights.
struct AffineOut {
  std::byte* words;
  std::uint16_t* scales;
  std::uint16_t* biases;
};
void to_affine(Type type, const std::byte* from, std::size_t blocks, AffineOut to);

}  // namespace sanctum::gguf
