// The floating-point types of 4 and 8 bits (OCP's), widened exactly.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace sanctum::kernels {

// E4M3: a sign, 4 bits of exponent, 3 of mantissa; no infinity, and a NaN of each sign.
inline constexpr std::uint8_t kE4m3NaN = 0x7f;  // without the sign
inline float e4m3_to_float(std::uint8_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x80) << 24;
  const std::uint32_t rest = bits & 0x7f;
  if (rest == kE4m3NaN) return std::numeric_limits<float>::quiet_NaN();
  constexpr std::uint32_t kBiasApart = 127 - 7;
  float size = static_cast<float>(rest) / 512;  // below the least exponent: steps of 2^-9
  if (rest >= 8) size = std::bit_cast<float>((rest << 20) + (kBiasApart << 23));
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(size) | sign);
}

// E8M0: a power of two from 2^-127, or NaN.
inline float e8m0_to_float(std::uint8_t bits) {
  if (bits == 0xff) return std::numeric_limits<float>::quiet_NaN();
  constexpr std::uint32_t kLeast = 1u << 22;  // 2^-127, a denormal
  return std::bit_cast<float>(bits == 0 ? kLeast : static_cast<std::uint32_t>(bits) << 23);
}

// From here on, 2^105, a block's sum of 16-bit rows times codes of E2M1 (quantized_panel.h: under
// 2^25, and half the scale) may be over what a float holds.
inline constexpr std::uint8_t kE8m0TooLarge = 127 + 105;
inline constexpr float kE2m1ScaleTooLarge = 0x1p105f;

// E2M1, in halves: the values are 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives.
inline constexpr int kE2m1Halves[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
inline constexpr int kE2m1HalvesMax = 12;

}  // namespace sanctum::kernels
