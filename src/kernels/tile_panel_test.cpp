// What the tile kernel divides and the others do not: groups of rows, strips of columns, values in
// bytes. Every path is held to it.
#include <gtest/gtest.h>

#include <limits>

#include "kernels/half.h"
#include "kernels/quantized_matmul.h"
#include "kernels/rows.h"
#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

struct Format {
  int bits, row_bits, group;
  Codes codes = Codes::kAffine;

  TestMatrix made(unsigned seed, int outputs, int columns, NumberType type) const {
    return test_matrix(seed, outputs, columns, bits, group, type, codes);
  }
  PackedMatrix packed(const TestMatrix& matrix, int outputs, int columns, NumberType type) const {
    return {matrix.source(), outputs, columns, bits, group, type, nullptr, codes};
  }
  // What the integers of the kernels are at most.
  int largest() const { return codes == Codes::kAffine ? (1 << bits) - 1 : 2 * kE2m1HalvesMax; }
};

std::vector<Format> formats() {
  std::vector<Format> out;
  for (const auto& [bits, row_bits] : {std::pair{4, 8}, {4, 16}, {8, 8}, {8, 16}})
    for (const int group : {32, 64, 128}) out.push_back({bits, row_bits, group});
  for (const int row_bits : {8, 16})
    for (const int group : {16, 32}) out.push_back({4, row_bits, group, Codes::kE2m1});
  return out;
}

std::string name(const Format& f, Isa isa) {
  return std::string(to_string(isa)) + (f.codes == Codes::kAffine ? ", " : ", E2M1, ") +
         std::to_string(f.bits) + " bits, rows of " + std::to_string(f.row_bits) + " bits, group " +
         std::to_string(f.group);
}

constexpr float kUntouched = -12345;

// Rows [range.first, range.last) of the product; others and what lies beyond a row are untouched.
std::vector<float> product(const TestRows& q, const PackedMatrix& w, std::size_t stride,
                           RowRange range, Isa isa) {
  std::vector<float> y(q.view.rows * stride, kUntouched);
  multiply(q.view, w, y.data(), stride, {0, w.panels(), range.first, range.last}, isa);
  return y;
}

TEST(TilePanel, AnyRangeOfRowsOverAnyNumberOfStripsGivesThePortableBits) {
  constexpr int kOutputs = 21, kRows = 150;
  constexpr std::size_t kStride = kOutputs + 3;
  const RowRange ranges[] = {{0, 1},  {2, 9},  {0, 8},   {0, 15},  {3, 19}, {0, 17},
                             {5, 25}, {7, 40}, {0, 130}, {1, 133}, {2, 148}};
  for (const Format& f : formats()) {
    for (const int columns : {f.group, 5 * f.group, 37 * f.group}) {
      const TestMatrix made = f.made(11, kOutputs, columns, kBfloat16);
      const PackedMatrix w = f.packed(made, kOutputs, columns, kBfloat16);
      const TestRows q(test_rows(12, kRows, columns), kRows, columns, w.block(), f.row_bits,
                       Isa::kPortable);
      const std::vector<float> all = product(q, w, kStride, {0, kRows}, Isa::kPortable);
      for (const Isa isa : available_isas()) {
        for (const RowRange range : ranges) {
          std::vector<float> expected(all.size(), kUntouched);
          std::copy(all.begin() + range.first * kStride, all.begin() + range.last * kStride,
                    expected.begin() + range.first * kStride);
          ASSERT_TRUE(same_bits(product(q, w, kStride, range, isa), expected))
              << name(f, isa) << ", columns " << columns << ", rows " << range.first << " to "
              << range.last;
        }
      }
    }
  }
}

// Each row holds one value throughout, and all weights are the largest.
TEST(TilePanel, TheLargestSumsAreExact) {
  constexpr int kOutputs = 16, kRows = 18;
  for (const Format& f : formats()) {
    const int largest = f.row_bits == 8 ? 127 : 32767, weight = f.largest();
    std::vector<int> values = {largest, -largest, 1, -1, 0, 127, -127};
    if (f.row_bits == 16) values.insert(values.end(), {128, 255, 256, -128, -255, -256, -257, 511});
    const bool e2m1 = f.codes == Codes::kE2m1;
    const NumberType type = e2m1 ? kBfloat16 : kFloat32;
    TestMatrix made = f.made(13, kOutputs, f.group, type);
    std::fill(made.words.begin(), made.words.end(), e2m1 ? 0x77777777u : 0xffffffffu);
    const auto fill = [&](std::vector<std::uint8_t>& to, float value) {
      for (std::size_t i = 0; i < to.size(); i += bytes_of(type)) from_float(value, &to[i], type);
    };
    fill(made.scales, e2m1 ? 2 : 1);
    fill(made.biases, 0);
    const PackedMatrix w = f.packed(made, kOutputs, f.group, type);
    TestRows q(test_rows(14, kRows, f.group), kRows, f.group, w.block(), f.row_bits,
               Isa::kPortable);
    std::fill(q.scales.begin(), q.scales.end(), 1.0f);
    std::fill(q.weighted.begin(), q.weighted.end(), 0.0f);
    for (std::size_t i = 0; i < static_cast<std::size_t>(kRows) * f.group; ++i) {
      const int value = values[i / f.group % values.size()];
      std::memcpy(&q.values[i * f.row_bits / 8], &value, f.row_bits / 8);
    }
    const int blocks = f.group / w.block();
    for (const Isa isa : available_isas()) {
      const std::vector<float> y = product(q, w, kOutputs, {0, kRows}, isa);
      for (int row = 0; row < kRows; ++row) {
        const int of_block = w.block() * values[row % values.size()] * weight;
        const float expected = static_cast<float>(of_block) * static_cast<float>(blocks);
        for (int output = 0; output < kOutputs; ++output)
          ASSERT_EQ(y[row * kOutputs + output], expected) << name(f, isa) << ", row " << row;
      }
    }
  }
}

TEST(TilePanel, ARowThatIsNotFiniteSpoilsNoneOfItsTile) {
  constexpr int kOutputs = 20, kRows = 40;
  for (const Format& f : formats()) {
    const int columns = 2 * f.group;
    const NumberType type = f.codes == Codes::kAffine ? kFloat16 : kBfloat16;
    const TestMatrix made = f.made(15, kOutputs, columns, type);
    const PackedMatrix w = f.packed(made, kOutputs, columns, type);
    const std::vector<float> x = test_rows(16, kRows, columns);
    std::vector<float> spoilt = x;
    for (const int row : {0, 5, 21, 39})
      spoilt[row * columns + 9] = std::numeric_limits<float>::quiet_NaN();
    const TestRows good(x, kRows, columns, w.block(), f.row_bits, Isa::kPortable);
    const TestRows bad(spoilt, kRows, columns, w.block(), f.row_bits, Isa::kPortable);
    const std::vector<float> expected = product(good, w, kOutputs, {0, kRows}, Isa::kPortable);
    for (const Isa isa : available_isas()) {
      const std::vector<float> y = product(bad, w, kOutputs, {0, kRows}, isa);
      for (int i = 0; i < kRows * kOutputs; ++i) {
        const int row = i / kOutputs;
        if (row == 0 || row == 5 || row == 21 || row == 39)
          ASSERT_TRUE(std::isnan(y[i])) << name(f, isa) << ", row " << row;
        else
          ASSERT_EQ(y[i], expected[i]) << name(f, isa) << ", row " << row;
      }
    }
  }
}

}  // namespace
}  // namespace sanctum::kernels
