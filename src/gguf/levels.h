// What a quantized block means: whole numbers, and what they are multiplied with.
//
// A weight is scale * level, or scale * level + bias for a type with minima; each `group` weights
// share scale and bias, which are exact in float32 (products of a float16 and a few bits). So
// dequantize() gives, bit for bit, what the Python package gguf gives (gguf.quants).
// Pure functions; a block has info(type).block_bytes bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gguf/tensor_type.h"

namespace sanctum::gguf {

inline constexpr int kBlockWeightsMax = 256;

struct Levels {
  std::array<std::int8_t, kBlockWeightsMax> level;
  std::array<float, kBlockWeightsMax / 16> scale, bias;
  int group = 32;       // weights
  bool biased = false;  // else every bias is 0, and `bias` is not set
};

// `type` must be quantized.
void read_levels(Type type, const std::byte* block, Levels& out);
// Of `blocks` blocks of any type.
void dequantize(Type type, const std::byte* from, std::size_t blocks, float* to);

}  // namespace sanctum::gguf
