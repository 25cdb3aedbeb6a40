// Matrices and rows that the tests of this folder share, drawn from a seed.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "kernels/packed_matrix.h"
#include "kernels/quantized_matmul.h"
#include "kernels/small_float.h"

namespace sanctum::kernels {

inline constexpr NumberType kNumberTypes[] = {kBfloat16, kFloat16, kFloat32};

// A matrix as MLX stores it, with what it means beside it.
struct TestMatrix {
  std::vector<std::uint32_t> words;
  std::vector<std::uint8_t> scales, biases;
  std::vector<float> meant;  // [outputs, columns]

  QuantizedSource source() const {
    return {words.data(), scales.data(), biases.empty() ? nullptr : biases.data()};
  }
};

// Appends a value that the type holds exactly: a small integer over a power of two.
inline float append(std::vector<std::uint8_t>& to, int integer, NumberType type) {
  const float value = static_cast<float>(integer) / 4096;
  std::uint32_t bits = 0;
  if (type == kFloat16) {
    const auto half = static_cast<_Float16>(value);
    std::memcpy(&bits, &half, sizeof half);
  } else {
    std::memcpy(&bits, &value, sizeof value);
    if (type == kBfloat16) bits >>= 16;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&bits);
  to.insert(to.end(), bytes, bytes + bytes_of(type));
  return value;
}

inline TestMatrix test_matrix(unsigned seed, int outputs, int columns, int bits, int group,
                              NumberType type, Codes codes = Codes::kAffine) {
  std::mt19937 rng(seed);
  const auto draw = [&](int low, int high) {
    return low + static_cast<int>(rng() % static_cast<unsigned>(high - low + 1));
  };
  TestMatrix out;
  for (int output = 0; output < outputs; ++output) {
    float scale = 0, bias = 0;
    for (int column = 0; column < columns; ++column) {
      if (column % group == 0) {
        scale = append(out.scales, draw(-127, 127), type);
        if (codes == Codes::kAffine) bias = append(out.biases, draw(-127, 127), type);
      }
      const auto q = static_cast<std::uint32_t>(draw(0, (1 << bits) - 1));
      const int shift = column * bits % 32;
      if (shift == 0) out.words.push_back(0);
      out.words.back() |= q << shift;
      if (shift + bits > 32) out.words.push_back(q >> (32 - shift));
      out.meant.push_back(codes == Codes::kAffine ? scale * static_cast<float>(q) + bias
                                                  : scale * static_cast<float>(kE2m1Halves[q]) / 2);
    }
  }
  return out;
}

inline std::vector<float> test_rows(unsigned seed, int rows, int columns) {
  std::mt19937 rng(seed);
  std::vector<float> out(static_cast<std::size_t>(rows) * columns);
  for (float& x : out) x = static_cast<float>(static_cast<int>(rng() % 20001) - 10000) / 3000.0f;
  return out;
}

// Bits, so that NaNs are equal and zeros have a sign.
inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

// Quantized rows that own their buffers.
struct TestRows {
  TestRows(const std::vector<float>& x, int rows, int columns, int block, int bits, Isa isa)
      : values(x.size() * bits / 8), scales(x.size() / block), weighted(x.size() / block) {
    view = {rows, columns, block, bits, values.data(), scales.data(), weighted.data()};
    quantize_rows(x.data(), view, 0, rows, isa);
  }
  std::vector<std::uint8_t> values;
  std::vector<float> scales, weighted;
  QuantizedRows view;
};

}  // namespace sanctum::kernels
