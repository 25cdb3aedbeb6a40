#include "nn/rope.h"

#include <gtest/gtest.h>
#include <mlx/mlx.h>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::nn {
namespace {

std::vector<Position> text_positions(int from, int n) {
  std::vector<Position> out;
  for (int i = from; i < from + n; ++i) out.push_back({i, i, i});
  return out;
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
    const Rope rope(backend, rope_inverse_frequencies(16, 10000, nullptr));
    EXPECT_TRUE(agrees(rope.at(text_positions(40, 5)))) << backend->name();
    EXPECT_TRUE(agrees(rope.table(text_positions(40, 5)))) << backend->name();
  }
}

// MLX's own rotation turns all pairs of a token by one place; a picture's tokens have three.
TEST(Rope, RowsOfAPictureTurnByTheirAxes) {
  mx::random::seed(1);
  const mx::array x = mx::random::normal({2, 3, 16});
  const Rope rope(stock_backend(mx::float32), rope_inverse_frequencies(16, 10000, nullptr),
                  interleaved_axes({4, 2, 2}, 8));
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

TEST(Rope, AnUnknownScalingIsRefusedByName) {
  const json::Document scaling(R"({"rope_type": "wavy", "factor": 2})", "config.json");
  const json::Node node = scaling.root();
  try {
    rope_inverse_frequencies(16, 10000, &node);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("wavy"), std::string::npos);
  }
}

}  // namespace
}  // namespace sanctum::nn
