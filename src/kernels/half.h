// The 16-bit floating-point types, widened exactly.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/number_type.h"

namespace sanctum::kernels {

inline float bfloat16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}
inline float float16_to_float(std::uint16_t bits) {
  return static_cast<float>(std::bit_cast<_Float16>(bits));
}
inline std::uint16_t float_to_bfloat16(float value) {  // to the nearest, ties to even
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline std::uint16_t float_to_float16(float value) {
  return std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
}
inline float to_float(const std::uint8_t* at, NumberType type) {
  if (type == kFloat32) {
    float value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  std::uint16_t bits;
  std::memcpy(&bits, at, sizeof bits);
  return type == kBfloat16 ? bfloat16_to_float(bits) : float16_to_float(bits);
}
inline void from_float(float value, void* to, NumberType type) {
  if (type == kFloat32) {
    std::memcpy(to, &value, sizeof value);
    return;
  }
  const std::uint16_t bits = type == kBfloat16 ? float_to_bfloat16(value) : float_to_float16(value);
  std::memcpy(to, &bits, sizeof bits);
}

}  // namespace sanctum::kernels
