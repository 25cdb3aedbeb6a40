// Numbers as MLX's affine weights, bit for bit as mx.quantize makes them on a CPU: w = scale * q +
// bias, in groups of a row; the end of the group's range that is farther from zero is exact.
//
// Pure; any thread.
#pragma once

#include <cstddef>

#include "convert/numbers.h"

namespace sanctum::convert {

struct Affine {
  int bits = 4;         // is_affine_bits()
  int group_size = 64;  // is_affine_group()
  bool operator==(const Affine&) const = default;
};
bool is_affine_bits(int bits);         // 2, 3, 4, 5, 6 or 8
bool is_affine_group(int group_size);  // 32, 64 or 128

// `count` finite numbers, a multiple of the group's: `words` of count * bits / 8 bytes, q of
// element 0 in the lowest bits; a scale and a bias a group, in `dtype`.
void quantize(const float* from, std::size_t count, Affine how, Dtype dtype, std::byte* words,
              std::byte* scales, std::byte* biases);

}  // namespace sanctum::convert
