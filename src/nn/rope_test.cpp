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
  const Rope rope(stock_backend(mx::float32), rope_inverse_frequencies(16, 10000, nullptr));
  const mx::array ours = rope.at(text_positions(40, 5))(x);
  const mx::array theirs = mx::fast::rope(mx::expand_dims(mx::transpose(x, {1, 0, 2}), 0), 16,
                                          false, 10000.0f, 1.0f, 40);
  EXPECT_TRUE(mx::allclose(ours, mx::transpose(mx::squeeze(theirs, 0), {1, 0, 2}), 1e-4, 1e-5)
                  .item<bool>());
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
