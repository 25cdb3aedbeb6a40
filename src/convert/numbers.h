// Numbers of a checkpoint's types as float32, and back, rounded to the nearest (ties to even) as
// MLX's astype does.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "gguf/half.h"

namespace sanctum::convert {

enum class Dtype { kFloat32, kFloat16, kBfloat16 };

inline std::size_t bytes_of(Dtype dtype) {
  return dtype == Dtype::kFloat32 ? 4 : 2;
}
inline const char* stored_name(Dtype dtype) {
  return dtype == Dtype::kFloat32 ? "F32" : dtype == Dtype::kFloat16 ? "F16" : "BF16";
}

inline std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float read_number(Dtype dtype, const std::byte* from) {
  if (dtype == Dtype::kFloat32) {
    float value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  std::uint16_t bits;
  std::memcpy(&bits, from, sizeof bits);
  return dtype == Dtype::kFloat16 ? gguf::from_float16(bits) : gguf::from_bfloat16(bits);
}

inline void write_number(Dtype dtype, float value, std::byte* to) {
  if (dtype == Dtype::kFloat32) {
    std::memcpy(to, &value, sizeof value);
    return;
  }
  const std::uint16_t bits =
      dtype == Dtype::kFloat16 ? gguf::to_float16(value) : to_bfloat16(value);
  std::memcpy(to, &bits, sizeof bits);
}

}  // namespace sanctum::convert
