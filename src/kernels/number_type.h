// How numbers are stored; the kernels compute in float.
#pragma once

#include <cstddef>

namespace sanctum::kernels {

enum NumberType : int { kBfloat16, kFloat16, kFloat32 };
constexpr std::size_t bytes_of(NumberType type) {
  return type == kFloat32 ? 4 : 2;
}

}  // namespace sanctum::kernels
