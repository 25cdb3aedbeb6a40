#include "kernels/product.h"

#include <gtest/gtest.h>

#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

// However many threads share a product, and however many rows stand beside one another.
TEST(Product, ThreadsAndNeighboursChangeNoBit) {
  const int outputs = 333, columns = 256, rows = 300;
  const std::vector<float> x = test_rows(3, rows, columns);
  for (const int bits : {4, 8}) {
    const TestMatrix stored = test_matrix(5, outputs, columns, bits, 64, kBfloat16);
    Runtime alone(1, chosen_isa());
    const PackedMatrix w(stored.source(), outputs, columns, bits, 64, kBfloat16);
    std::vector<float> expected(static_cast<std::size_t>(rows) * outputs);
    for (int row = 0; row < rows; ++row) {
      multiply_all(alone, x.data() + static_cast<std::size_t>(row) * columns, 1, w, 16,
                   expected.data() + static_cast<std::size_t>(row) * outputs);
    }
    for (const int threads : {1, 2, 5}) {
      Runtime runtime(threads, chosen_isa());
      const PackedMatrix packed(stored.source(), outputs, columns, bits, 64, kBfloat16,
                                &runtime.pool());
      std::vector<float> found(expected.size());
      multiply_all(runtime, x.data(), rows, packed, 16, found.data());
      EXPECT_EQ(found, expected) << threads << " threads, " << bits << " bits";
    }
  }
}

// Three matrices that the same rows meet, as a layer's queries, keys and values.
TEST(Product, SeveralAtOnceAreEachAlone) {
  const int columns = 128, rows = 9;
  const std::vector<float> x = test_rows(3, rows, columns);
  Runtime runtime(3, chosen_isa());
  std::vector<PackedMatrix> matrices;
  std::vector<std::vector<float>> expected, found;
  std::vector<ProductTo> products;
  for (const int outputs : {100, 16, 47}) {
    const TestMatrix stored = test_matrix(outputs, outputs, columns, 4, 64, kBfloat16);
    matrices.emplace_back(stored.source(), outputs, columns, 4, 64, kBfloat16);
    expected.emplace_back(static_cast<std::size_t>(rows) * outputs);
    multiply_all(runtime, x.data(), rows, matrices.back(), 8, expected.back().data());
    found.emplace_back(expected.back().size());
  }
  products.reserve(matrices.size());
  for (std::size_t i = 0; i < matrices.size(); ++i)
    products.push_back({&matrices[i], found[i].data()});
  multiply_all(runtime, x.data(), rows, products, 8);
  EXPECT_EQ(found, expected);
}

TEST(Product, FloatMatricesAreSharedAlike) {
  const int outputs = 100, columns = 72, rows = 260;
  const std::vector<float> x = test_rows(3, rows, columns), w = test_rows(4, outputs, columns);
  const FloatMatrix matrix{w.data(), kFloat32, outputs, columns};
  std::vector<float> expected(static_cast<std::size_t>(rows) * outputs), found(expected.size());
  Runtime alone(1, chosen_isa()), together(3, chosen_isa());
  for (int row = 0; row < rows; ++row) {
    multiply_all(alone, x.data() + static_cast<std::size_t>(row) * columns, 1, matrix,
                 expected.data() + static_cast<std::size_t>(row) * outputs);
  }
  multiply_all(together, x.data(), rows, matrix, found.data());
  EXPECT_EQ(found, expected);
}

TEST(Runtime, SharesEveryRowOnce) {
  Runtime runtime(3, chosen_isa());
  for (const auto& [rows, values] : {std::pair{1, 1}, {7, 100000}, {1000, 64}, {1, 1 << 20}}) {
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(rows));
    runtime.share_rows(rows, values, [&](RowRange range) {
      for (int row = range.first; row < range.last; ++row) ++seen[static_cast<std::size_t>(row)];
    });
    for (const auto& count : seen) EXPECT_EQ(count, 1);
  }
}

}  // namespace
}  // namespace sanctum::kernels
