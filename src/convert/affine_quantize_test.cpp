#include "convert/affine_quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace sanctum::convert {
namespace {

// tests/parity/test_convert.py holds it to mx.quantize; here is what must hold of any numbers.
TEST(AffineQuantize, IsWithinHalfAStepAndExactAtTheFarEnd) {
  std::mt19937 random(7);
  std::normal_distribution<float> draw(0.1f, 1.0f);
  for (const int bits : {2, 3, 4, 5, 6, 8}) {
    for (const int group : {32, 64, 128}) {
      std::vector<float> numbers(static_cast<std::size_t>(group) * 4);
      for (float& number : numbers) number = draw(random);
      std::vector<std::byte> words(numbers.size() * static_cast<std::size_t>(bits) / 8);
      float scales[4], biases[4];
      quantize(numbers.data(), numbers.size(), {bits, group}, Dtype::kFloat32, words.data(),
               reinterpret_cast<std::byte*>(scales), reinterpret_cast<std::byte*>(biases));
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        unsigned q = 0;
        for (int bit = 0; bit < bits; ++bit) {
          const std::size_t at = i * static_cast<std::size_t>(bits) + static_cast<std::size_t>(bit);
          q |= (std::to_integer<unsigned>(words[at / 8]) >> (at % 8) & 1) << bit;
        }
        const std::size_t g = i / static_cast<std::size_t>(group);
        const float made = scales[g] * static_cast<float>(q) + biases[g];
        // The zero point is rounded to a step, which may clip the other end by half of one more.
        EXPECT_LE(std::fabs(made - numbers[i]), 1.01f * std::fabs(scales[g])) << bits << " " << i;
      }
    }
  }
}

TEST(AffineQuantize, GroupsThatAreAllAlikeComeBack) {
  for (const float value : {0.0f, 0.25f, -3.0f, 1e-9f}) {
    const std::vector<float> numbers(32, value);
    std::byte words[16];
    float scale = 0, bias = 0;
    quantize(numbers.data(), 32, {4, 32}, Dtype::kFloat32, words,
             reinterpret_cast<std::byte*>(&scale), reinterpret_cast<std::byte*>(&bias));
    const float made = scale * static_cast<float>(std::to_integer<int>(words[0]) & 15) + bias;
    EXPECT_NEAR(made, value, 1e-7) << value;
  }
}

TEST(Numbers, RoundToTheNearest) {
  EXPECT_EQ(to_bfloat16(1.0f), 0x3f80);
  EXPECT_EQ(to_bfloat16(std::bit_cast<float>(0x3f808000u)), 0x3f80) << "a tie, to even";
  EXPECT_EQ(to_bfloat16(std::bit_cast<float>(0x3f818000u)), 0x3f82) << "a tie, to even";
  EXPECT_EQ(to_bfloat16(std::bit_cast<float>(0x3f808001u)), 0x3f81);
  EXPECT_EQ(to_bfloat16(std::numeric_limits<float>::infinity()), 0x7f80);
  EXPECT_TRUE(std::isnan(gguf::from_bfloat16(to_bfloat16(std::nanf("")))));
}

TEST(Affine, OnlyWhatMlxHas) {
  EXPECT_FALSE(is_affine_bits(1));
  EXPECT_FALSE(is_affine_bits(7));
  EXPECT_TRUE(is_affine_bits(3));
  EXPECT_FALSE(is_affine_group(16));
  EXPECT_TRUE(is_affine_group(128));
}

}  // namespace
}  // namespace sanctum::convert
