#include "kernels/float_matmul.h"

#include <gtest/gtest.h>

#include "kernels/half.h"
#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

// Weights as they are stored, and what they are then.
struct Weights {
  Weights(int outputs, int columns, NumberType type) : meant(test_rows(31, outputs, columns)) {
    stored.resize(meant.size() * bytes_of(type));
    for (std::size_t i = 0; i < meant.size(); ++i) {
      std::uint8_t* at = stored.data() + i * bytes_of(type);
      from_float(meant[i], at, type);
      meant[i] = to_float(at, type);
    }
    matrix = {stored.data(), type, outputs, columns};
  }
  std::vector<float> meant;
  std::vector<std::uint8_t> stored;
  FloatMatrix matrix{};
};

std::vector<float> product(const float* x, int rows, const FloatMatrix& w, Isa isa) {
  std::vector<float> y(static_cast<std::size_t>(rows) * w.outputs, -1);
  multiply(x, w, y.data(), w.outputs, {0, w.outputs, 0, rows}, isa);
  return y;
}

TEST(FloatMatmul, IsTheProductAndEveryPathsBitsAreThePortableOnes) {
  for (const NumberType type : kNumberTypes) {
    for (const auto& [rows, outputs, columns] :
         {std::array{1, 1, 1}, {1, 5, 16}, {3, 4, 40}, {6, 9, 100}, {9, 33, 515}}) {
      const Weights w(outputs, columns, type);
      const std::vector<float> x = test_rows(32, rows, columns);
      const auto portable = product(x.data(), rows, w.matrix, Isa::kPortable);
      for (int row = 0; row < rows; ++row) {
        for (int output = 0; output < outputs; ++output) {
          double meant = 0;
          for (int i = 0; i < columns; ++i)
            meant += static_cast<double>(x[row * columns + i]) *
                     static_cast<double>(w.meant[output * columns + i]);
          ASSERT_NEAR(portable[row * outputs + output], meant, 1e-5 * columns);
        }
      }
      for (const Isa isa : available_isas())
        EXPECT_TRUE(same_bits(product(x.data(), rows, w.matrix, isa), portable))
            << to_string(isa) << ", type " << type << ", columns " << columns;
    }
  }
}

TEST(FloatMatmul, ARowsBitsDoNotDependOnTheOtherRowsNorOnTheParts) {
  constexpr int kRows = 11, kOutputs = 23, kColumns = 130;
  const Weights w(kOutputs, kColumns, kBfloat16);
  const std::vector<float> x = test_rows(33, kRows, kColumns);
  for (const Isa isa : available_isas()) {
    const auto all = product(x.data(), kRows, w.matrix, isa);
    std::vector<float> parts(all.size(), -1);
    for (int row = 0; row < kRows; ++row)
      for (const auto& [first, last] : {std::pair{0, 1}, {1, 6}, {6, kOutputs}})
        multiply(x.data(), w.matrix, parts.data(), kOutputs, {first, last, row, row + 1}, isa);
    EXPECT_TRUE(same_bits(parts, all)) << to_string(isa);
  }
}

}  // namespace
}  // namespace sanctum::kernels
