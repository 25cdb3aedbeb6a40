#include "kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

TEST(PackedMatrix, HoldsWhatWasStoredInAsManyBytes) {
  for (const int bits : {4, 8}) {
    for (const int group : {32, 64, 128}) {
      for (const NumberType type : kNumberTypes) {
        constexpr int kOutputs = 35, kColumns = 256;
        const TestMatrix made = test_matrix(1, kOutputs, kColumns, bits, group, type);
        const PackedMatrix packed(made.source(), kOutputs, kColumns, bits, group, type);
        std::vector<float> row(kColumns);
        for (int output = 0; output < kOutputs; ++output) {
          packed.read_row(output, row.data());
          for (int column = 0; column < kColumns; ++column)
            ASSERT_EQ(row[column], made.meant[output * kColumns + column])
                << bits << " bits, group " << group << ", output " << output << ", " << column;
        }
        const std::size_t stored = made.words.size() * 4 + made.scales.size() * 2;
        EXPECT_EQ(packed.bytes(), stored / kOutputs * 48);
      }
    }
  }
}

}  // namespace
}  // namespace sanctum::kernels
