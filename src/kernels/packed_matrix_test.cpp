#include "kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

constexpr int kOutputs = 35, kColumns = 256;
constexpr std::size_t kPanels = 3;

void expect_meant(const PackedMatrix& packed, const TestMatrix& made, const std::string& what) {
  std::vector<float> row(kColumns);
  for (int output = 0; output < kOutputs; ++output) {
    packed.read_row(output, row.data());
    for (int column = 0; column < kColumns; ++column)
      ASSERT_EQ(row[column], made.meant[output * kColumns + column])
          << what << ", output " << output << ", column " << column;
  }
}

// Integers of 2 and 3 bits lie in 4, of 5 and 6 in 8; everything else takes what it took.
TEST(PackedMatrix, HoldsWhatWasStored) {
  for (const int bits : {2, 3, 4, 5, 6, 8}) {
    for (const int group : {32, 64, 128}) {
      for (const NumberType type : kNumberTypes) {
        const TestMatrix made = test_matrix(1, kOutputs, kColumns, bits, group, type);
        const PackedMatrix packed(made.source(), kOutputs, kColumns, bits, group, type);
        expect_meant(packed, made, std::to_string(bits) + " bits, group " + std::to_string(group));
        const std::size_t integers = kColumns * (bits <= 4 ? 4 : 8) / 8;
        const std::size_t scales = kColumns / group * bytes_of(type);
        EXPECT_EQ(packed.bytes(), kPanels * kPanelRows * (integers + 2 * scales));
      }
    }
  }
}

TEST(PackedMatrix, HoldsE2m1WithoutBiases) {
  for (const auto& [group, type] : {std::pair{16, kBfloat16}, {16, kFloat32}, {32, kBfloat16}}) {
    const TestMatrix made = test_matrix(1, kOutputs, kColumns, 4, group, type, Codes::kE2m1);
    const PackedMatrix packed(made.source(), kOutputs, kColumns, 4, group, type, nullptr,
                              Codes::kE2m1);
    expect_meant(packed, made, "group " + std::to_string(group));
    EXPECT_EQ(packed.bytes(),
              kPanels * kPanelRows * (kColumns / 2 + kColumns / group * bytes_of(type)));
  }
}

TEST(SmallFloat, MeansWhatItsBitsSay) {
  for (int bits = 0; bits < 256; ++bits) {
    const int exponent = bits >> 3 & 15, mantissa = bits & 7;
    const float e4m3 = e4m3_to_float(static_cast<std::uint8_t>(bits));
    if ((bits & 127) == 127) {
      EXPECT_TRUE(std::isnan(e4m3)) << bits;
    } else {
      const double size =
          exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 7 - 3);
      EXPECT_EQ(e4m3, static_cast<float>(bits < 128 ? size : -size)) << bits;
      EXPECT_EQ(std::signbit(e4m3), bits >= 128) << bits;
    }
    const float e8m0 = e8m0_to_float(static_cast<std::uint8_t>(bits));
    if (bits == 255)
      EXPECT_TRUE(std::isnan(e8m0));
    else
      EXPECT_EQ(e8m0, std::ldexp(1.0f, bits - 127)) << bits;
  }
}

}  // namespace
}  // namespace sanctum::kernels
