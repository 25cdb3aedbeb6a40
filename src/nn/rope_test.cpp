#include "nn/rope.h"

#include <gtest/gtest.h>
#include <mlx/mlx.h>

namespace sanctum::nn {
namespace {

std::vector<Position> text_positions(int from, int n) {
  std::vector<Position> out;
  for (int i = from; i < from + n; ++i) out.push_back({i, i, i});
  return out;
}

RopeFrequencies frequencies(int rotated, float magnitude = 1) {
  const std::vector<double> plain = plain_frequencies(rotated, 10000);
  return {{plain.begin(), plain.end()}, magnitude};
}

TEST(Rope, AgreesWithMlx) {
  mx::random::seed(1);
  const mx::array x = mx::random::normal({5, 3, 16});
  const mx::array theirs = mx::fast::rope(mx::expand_dims(mx::transpose(x, {1, 0, 2}), 0), 16,
                                          false, 10000.0f, 1.0f, 40);
  const auto agrees = [&](const Rotation& rotation) {
    return mx::allclose(rotation(x), mx::transpose(mx::squeeze(theirs, 0), {1, 0, 2}), 1e-4, 1e-5)
        .item<bool>();
  };
  for (const BackendPointer& backend : {stock_backend(mx::float32), cpu_backend({.threads = 1})}) {
    const Rope rope(backend, frequencies(16));
    EXPECT_TRUE(agrees(rope.at(text_positions(40, 5)))) << backend->name();
    EXPECT_TRUE(agrees(rope.table(text_positions(40, 5)))) << backend->name();
  }
}

// MLX's own rotation turns all pairs of a token by one place; a picture's tokens have three.
TEST(Rope, RowsOfAPictureTurnByTheirAxes) {
  mx::random::seed(1);
  const mx::array x = mx::random::normal({2, 3, 16});
  const Rope rope(stock_backend(mx::float32), frequencies(16), interleaved_axes({4, 2, 2}, 8));
  const std::vector<Position> picture{{5, 5, 5}, {5, 6, 7}}, text{{5, 5, 5}, {5, 5, 5}};
  EXPECT_TRUE(mx::array_equal(rope.at(picture)(x), rope.table(picture)(x)).item<bool>());
  EXPECT_TRUE(mx::allclose(rope.at(text)(x), rope.table(text)(x), 1e-4, 1e-5).item<bool>());
  EXPECT_FALSE(mx::allclose(rope.at(text)(x), rope.table(picture)(x), 1e-4, 1e-5).item<bool>());
}

TEST(Rope, AxesOfAPictureFollowTheInterleavedSections) {
  // 24 + 20 + 20 pairs, as Qwen3-VL has them: T H W ... 20 times, then T.
  const std::vector<int> axes = interleaved_axes({24, 20, 20}, 64);
  EXPECT_EQ(std::count(axes.begin(), axes.end(), 0), 24);
  EXPECT_EQ(axes[0], 0);
  EXPECT_EQ(axes[1], 1);
  EXPECT_EQ(axes[2], 2);
  EXPECT_EQ(axes[58], 1);
  EXPECT_EQ(axes[61], 0);
}

TEST(Rope, WhatIsBehindThePairsStays) {
  mx::random::seed(1);
  const mx::array x = mx::random::normal({4, 2, 16});
  for (const BackendPointer& backend : {stock_backend(mx::float32), cpu_backend({.threads = 1})}) {
    for (const float magnitude : {1.0f, 1.25f}) {
      const Rope part(backend, frequencies(8, magnitude));
      const mx::array y = part.at(text_positions(9, 4))(x);
      const mx::array turned = part.table(text_positions(9, 4))(mx::slice(x, {0, 0, 0}, {4, 2, 8}));
      EXPECT_TRUE(mx::allclose(mx::slice(y, {0, 0, 0}, {4, 2, 8}), turned, 1e-4, 1e-5).item<bool>())
          << backend->name();
      EXPECT_TRUE(
          mx::array_equal(mx::slice(y, {0, 0, 8}, {4, 2, 16}), mx::slice(x, {0, 0, 8}, {4, 2, 16}))
              .item<bool>())
          << backend->name();
    }
  }
}

TEST(Rope, TheMagnitudeIsInTableAndPlacesAlike) {
  mx::random::seed(1);
  const mx::array x = mx::random::normal({4, 2, 16});
  const BackendPointer backend = stock_backend(mx::float32);
  const Rope plain(backend, frequencies(16)), longer(backend, frequencies(16, 1.5f));
  const auto positions = text_positions(9, 4);
  const mx::array expected = mx::multiply(plain.at(positions)(x), mx::array(1.5f));
  EXPECT_TRUE(mx::allclose(longer.at(positions)(x), expected, 1e-4, 1e-5).item<bool>());
  EXPECT_TRUE(mx::allclose(longer.table(positions)(x), expected, 1e-4, 1e-5).item<bool>());
}

}  // namespace
}  // namespace sanctum::nn
