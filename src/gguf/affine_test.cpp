#include "gguf/affine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/error.h"
#include "gguf/half.h"
#include "gguf/levels.h"

namespace sanctum::gguf {
namespace {

constexpr Type kQuantized[] = {Type::kQ4_0,   Type::kQ4_1,   Type::kQ5_0, Type::kQ5_1, Type::kQ8_0,
                               Type::kQ2_K,   Type::kQ3_K,   Type::kQ4_K, Type::kQ5_K, Type::kQ6_K,
                               Type::kIQ4_NL, Type::kIQ4_XS, Type::kMXFP4};
constexpr std::size_t kBlocks = 64;

// Random, with scales that are numbers.
std::vector<std::byte> blocks_of(Type type, unsigned seed) {
  std::mt19937 draw(seed);
  const TypeInfo& about = info(type);
  std::vector<std::byte> out(kBlocks * about.block_bytes);
  for (std::byte& byte : out) byte = static_cast<std::byte>(draw());
  const auto put = [&](std::size_t block, std::size_t at, float most) {
    const float value = std::uniform_real_distribution<float>(-most, most)(draw);
    const std::uint16_t bits = to_float16(value);
    std::memcpy(&out[block * about.block_bytes + at], &bits, sizeof bits);
  };
  for (std::size_t block = 0; block < kBlocks; ++block) {
    switch (type) {
      case Type::kQ2_K:
        put(block, 80, 0.01f), put(block, 82, 0.01f);
        break;
      case Type::kQ3_K:
        put(block, 108, 0.01f);
        break;
      case Type::kQ6_K:
        put(block, 208, 0.001f);
        break;
      case Type::kMXFP4:
        out[block * about.block_bytes] = static_cast<std::byte>(110 + draw() % 20);
        break;
      case Type::kQ4_1:
      case Type::kQ5_1:
      case Type::kQ4_K:
      case Type::kQ5_K:
        put(block, 2, 0.01f);
        [[fallthrough]];
      default:
        put(block, 0, 0.01f);
    }
  }
  return out;
}

struct Affine {
  int bits;
  std::vector<std::byte> words;
  std::vector<std::uint16_t> scales, biases;

  float scale(std::size_t i) const { return from_float16(scales[i / kAffineGroup]); }
  float bias(std::size_t i) const { return from_float16(biases[i / kAffineGroup]); }
  int q(std::size_t i) const {
    if (bits == 8) return static_cast<int>(words[i]);
    return static_cast<int>(words[i / 2]) >> (i % 2 * 4) & 15;
  }
};

Affine affine_of(Type type, const std::vector<std::byte>& blocks) {
  const std::size_t weights = kBlocks * info(type).block_weights;
  Affine out{affine_bits(type), {}, {}, {}};
  out.words.resize(weights * static_cast<std::size_t>(out.bits) / 8);
  out.scales.resize(weights / kAffineGroup);
  out.biases.resize(weights / kAffineGroup);
  to_affine(type, blocks.data(), kBlocks, {out.words.data(), out.scales.data(), out.biases.data()});
  return out;
}

class OfEveryType : public ::testing::TestWithParam<Type> {};

TEST_P(OfEveryType, IsAsExactAsTheHeaderSays) {
  const Type type = GetParam();
  const auto blocks = blocks_of(type, 7);
  const std::size_t weights = kBlocks * info(type).block_weights;
  std::vector<float> exact(weights);
  dequantize(type, blocks.data(), kBlocks, exact.data());
  const Affine affine = affine_of(type, blocks);
  for (std::size_t i = 0; i < weights; ++i) {
    const double got = static_cast<double>(affine.scale(i)) * affine.q(i) + affine.bias(i);
    const double scale = std::fabs(affine.scale(i)), bias = std::fabs(affine.bias(i));
    double error = 0;
    if (type == Type::kQ4_K || type == Type::kQ5_K || type == Type::kIQ4_XS) {
      const double of_scale = std::max(std::ldexp(scale, -11), std::ldexp(1.0, -25)) * 1.001;
      const double of_bias = std::max(std::ldexp(bias, -11), std::ldexp(1.0, -25)) * 1.001;
      error = of_scale * affine.q(i) + of_bias;
    } else if (type == Type::kQ2_K || type == Type::kQ3_K || type == Type::kQ6_K) {
      const auto group = exact.begin() + static_cast<std::ptrdiff_t>(i / 32 * 32);
      const auto [low, high] = std::minmax_element(group, group + 32);
      const double step = (static_cast<double>(*high) - *low) / 255;
      error = step / 2 * 1.01 + std::max(std::ldexp(bias, -10) / 510, std::ldexp(1.0, -24));
      EXPECT_LE(scale, step * 1.001 + std::ldexp(bias, -10) / 255 + std::ldexp(1.0, -24));
    }
    ASSERT_LE(std::fabs(got - exact[i]), error) << info(type).name << " weight " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, OfEveryType, ::testing::ValuesIn(kQuantized),
                         [](const auto& one) { return std::string(gguf::info(one.param).name); });

TEST(ToAffine, ScalesThatAreNoNumbersAreRefused) {
  for (const Type type : kQuantized) {
    auto blocks = blocks_of(type, 3);
    const std::uint16_t infinite = 0x7c00;
    const std::size_t at = type == Type::kQ2_K   ? 80
                           : type == Type::kQ3_K ? 108
                           : type == Type::kQ6_K ? 208
                                                 : 0;
    std::memcpy(&blocks[at], &infinite, sizeof infinite);
    if (type == Type::kMXFP4) blocks[0] = std::byte{255};
    EXPECT_THROW(affine_of(type, blocks), Error) << info(type).name;
  }
}

TEST(ToAffine, EqualWeightsAndZerosStayInside) {
  std::vector<std::byte> blocks(kBlocks * info(Type::kQ6_K).block_bytes);
  const Affine affine = affine_of(Type::kQ6_K, blocks);  // every scale is 0
  for (std::size_t i = 0; i < affine.words.size(); ++i)
    ASSERT_EQ(affine.scale(i) * static_cast<float>(affine.q(i)) + affine.bias(i), 0) << i;
}

}  // namespace
}  // namespace sanctum::gguf
