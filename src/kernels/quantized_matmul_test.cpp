#include "kernels/quantized_matmul.h"

#include <gtest/gtest.h>

#include <limits>

#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

struct Case {
  int outputs, columns, bits, group, row_bits;
  NumberType type;
  Codes codes = Codes::kAffine;

  TestMatrix made(unsigned seed) const {
    return test_matrix(seed, outputs, columns, bits, group, type, codes);
  }
  PackedMatrix packed(const TestMatrix& matrix) const {
    return {matrix.source(), outputs, columns, bits, group, type, nullptr, codes};
  }
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const auto& [bits, row_bits] : {std::pair{4, 8}, {4, 16}, {8, 8}, {8, 16}})
    for (const int group : {32, 64, 128})
      for (const NumberType type : kNumberTypes)
        for (const int outputs : {1, 7, 8, 15, 16, 17, 40, 96})
          out.push_back({outputs, outputs == 40 ? 1024 : 256, bits, group, row_bits, type});
  for (const int row_bits : {8, 16})
    for (const auto& [group, type] : {std::pair{16, kBfloat16}, {16, kFloat32}, {32, kBfloat16}})
      for (const int outputs : {1, 15, 40})
        out.push_back({outputs, 256 + group, 4, group, row_bits, type, Codes::kE2m1});
  return out;
}

std::string name(const Case& c, Isa isa) {
  return std::string(to_string(isa)) + (c.codes == Codes::kAffine ? ", " : ", E2M1, ") +
         std::to_string(c.bits) + " bits, group " + std::to_string(c.group) + ", outputs " +
         std::to_string(c.outputs) + ", rows of " + std::to_string(c.row_bits) + " bits, scales " +
         std::to_string(static_cast<int>(c.type));
}

std::vector<float> product(const std::vector<float>& x, int rows, const PackedMatrix& w,
                           int row_bits, Isa isa) {
  const TestRows q(x, rows, w.columns(), w.block(), row_bits, isa);
  std::vector<float> y(static_cast<std::size_t>(rows) * w.outputs(), -1);
  multiply(q.view, w, y.data(), w.outputs(), {0, w.panels(), 0, rows}, isa);
  return y;
}

TEST(QuantizedMatmul, EveryPathGivesThePortableOnesBits) {
  for (const Case& c : cases()) {
    const TestMatrix made = c.made(2);
    const PackedMatrix w = c.packed(made);
    for (const int rows : {1, 2, 3, 5, 15, 16, 33}) {
      const std::vector<float> x = test_rows(3, rows, c.columns);
      const std::vector<float> expected = product(x, rows, w, c.row_bits, Isa::kPortable);
      for (const Isa isa : available_isas())
        ASSERT_TRUE(same_bits(product(x, rows, w, c.row_bits, isa), expected))
            << name(c, isa) << ", rows " << rows;
    }
  }
}

TEST(QuantizedMatmul, IsTheProductWithWhatTheWeightsMean) {
  for (const Case& c : cases()) {
    const TestMatrix made = c.made(4);
    const PackedMatrix w = c.packed(made);
    constexpr int kRows = 3;
    const std::vector<float> x = test_rows(5, kRows, c.columns);
    const std::vector<float> y = product(x, kRows, w, c.row_bits, available_isas().back());
    for (int row = 0; row < kRows; ++row) {
      for (int output = 0; output < c.outputs; ++output) {
        double expected = 0, weight = 0;  // weight: the sum of the weights' sizes
        for (int i = 0; i < c.columns; ++i) {
          const double a = made.meant[output * c.columns + i];
          expected += a * static_cast<double>(x[row * c.columns + i]);
          weight += std::fabs(a);
        }
        // Half a step of the rows' rounding, at each column, and what float sums lose.
        const double step = 3.4 / (c.row_bits == 8 ? 127 : 32767);
        ASSERT_NEAR(y[row * c.outputs + output], expected, weight * (step / 2 + 1e-5))
            << name(c, available_isas().back());
      }
    }
  }
}

TEST(QuantizedMatmul, ARowsBitsDoNotDependOnTheOtherRowsNorOnTheParts) {
  for (const Isa isa : available_isas()) {
    for (const int bits : {4, 8}) {
      constexpr int kOutputs = 50, kColumns = 512, kRows = 37;
      const int row_bits = bits == 4 ? 8 : 16;
      const TestMatrix made = test_matrix(6, kOutputs, kColumns, bits, 64, kBfloat16);
      const PackedMatrix w(made.source(), kOutputs, kColumns, bits, 64, kBfloat16);
      const std::vector<float> x = test_rows(7, kRows, kColumns);
      const std::vector<float> all = product(x, kRows, w, row_bits, isa);
      for (int row = 0; row < kRows; ++row) {
        const std::vector<float> alone(x.begin() + row * kColumns,
                                       x.begin() + (row + 1) * kColumns);
        const std::vector<float> expected(all.begin() + row * kOutputs,
                                          all.begin() + (row + 1) * kOutputs);
        ASSERT_TRUE(same_bits(product(alone, 1, w, row_bits, isa), expected)) << to_string(isa);
      }
      const TestRows q(x, kRows, kColumns, 64, row_bits, isa);
      std::vector<float> parts(all.size(), -1);
      for (int panel = 0; panel < w.panels(); ++panel)
        for (const auto& [first, last] : {std::pair{0, 5}, {5, 6}, {6, kRows}})
          multiply(q.view, w, parts.data(), kOutputs, {panel, panel + 1, first, last}, isa);
      EXPECT_TRUE(same_bits(parts, all)) << to_string(isa);
    }
  }
}

TEST(QuantizedMatmul, ARowThatIsNotFiniteSpoilsItselfAlone) {
  constexpr int kOutputs = 20, kColumns = 128, kRows = 4;
  const TestMatrix made = test_matrix(8, kOutputs, kColumns, 4, 64, kBfloat16);
  const PackedMatrix w(made.source(), kOutputs, kColumns, 4, 64, kBfloat16);
  const std::vector<float> x = test_rows(9, kRows, kColumns);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), HUGE_VALF, -HUGE_VALF}) {
    std::vector<float> spoilt = x;
    spoilt[2 * kColumns + 77] = bad;
    for (const Isa isa : available_isas()) {
      const std::vector<float> good = product(x, kRows, w, 8, isa);
      const std::vector<float> y = product(spoilt, kRows, w, 8, isa);
      for (int i = 0; i < kRows * kOutputs; ++i) {
        if (i / kOutputs == 2)
          EXPECT_TRUE(std::isnan(y[i])) << to_string(isa);
        else
          EXPECT_EQ(y[i], good[i]) << to_string(isa);
      }
    }
  }
}

TEST(QuantizeRows, TinyAndZeroBlocksAreZeroAndTheLargestValueIsExact) {
  std::vector<float> x(3 * 64, 0.0f);
  x[64] = 1e-38f;
  x[128] = -5.0f;
  for (const Isa isa : available_isas()) {
    for (const int bits : {8, 16}) {
      const TestRows q(x, 1, 192, 64, bits, isa);
      EXPECT_EQ(q.scales[0], 0.0f);
      EXPECT_EQ(q.scales[1], 0.0f);
      EXPECT_EQ(q.weighted[1], 0.0f);
      const int largest = bits == 8 ? q.view.row8(0)[128] : q.view.row16(0)[128];
      EXPECT_EQ(largest, bits == 8 ? -127 : -32767);
      EXPECT_FLOAT_EQ(q.scales[2] * static_cast<float>(largest), -5.0f);
    }
  }
}

}  // namespace
}  // namespace sanctum::kernels
