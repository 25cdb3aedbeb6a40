// 16-bit floating-point numbers of a file, widened exactly, and rounded to.
#pragma once

#include <bit>
#include <cstdint>

namespace sanctum::gguf {

inline constexpr float kFloat16Max = 65504;

inline float from_float16(std::uint16_t bits) {
  return static_cast<float>(std::bit_cast<_Float16>(bits));
}
inline float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}
// To the nearest, ties to even.
inline std::uint16_t to_float16(float value) {
  return std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
}
// Cuts what does not fit.
inline std::uint16_t cut_to_bfloat16(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

}  // namespace sanctum::gguf
