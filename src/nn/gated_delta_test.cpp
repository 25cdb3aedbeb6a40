// Our kernels' gated delta rule against MLX's operations.
#include <gtest/gtest.h>
#include <mlx/mlx.h>

#include <cstring>

#include "kernels/isa.h"
#include "nn/cpu/cpu_gated_delta.h"
#include "nn/stock/stock_gated_delta.h"

namespace sanctum::nn {
namespace {

constexpr DeltaShape kShape{2, 6, 48, 64, 4};
constexpr int kCounts[] = {1, 9, 4};  // rows of the sequences of one step

mx::array random(const mx::Shape& shape) {
  const mx::array x = mx::random::normal(shape);
  mx::eval(x);
  return x;
}

bool close(const mx::array& a, const mx::array& b) {
  return a.shape() == b.shape() && mx::allclose(a, b, 1e-5, 1e-5).item<bool>();
}

mx::array part(const mx::array& x, int first, int count) {
  return mx::slice(x, {first, 0}, {first + count, x.shape(1)});
}

class GatedDeltaTest : public ::testing::Test {
 protected:
  GatedDeltaTest() { mx::set_default_device(mx::Device::cpu); }
  void SetUp() override { mx::random::seed(7); }

  const RuntimePointer runtime_ = std::make_shared<kernels::Runtime>(2, kernels::chosen_isa());
  const DeltaWeights weights_ =
      delta_weights(random({kShape.channels(), kShape.taps, 1}), random({kShape.value_heads}),
                    random({kShape.value_heads}));
};

// One sequence with our kernels.
struct Ours {
  std::vector<float> conv = std::vector<float>(kShape.conv_numbers());
  std::vector<float> state = std::vector<float>(kShape.state_numbers());
  mx::array conv_rows() const {
    return mx::array(conv.data(), {kShape.taps - 1, kShape.channels()}, mx::float32);
  }
  // [value_heads, value_size, key_size]
  mx::array whole_state() const {
    const mx::array blocks(
        state.data(),
        {kShape.value_dim() / kernels::kDeltaRows, kShape.key_size, kernels::kDeltaRows},
        mx::float32);
    return mx::reshape(mx::swapaxes(blocks, 1, 2),
                       {kShape.value_heads, kShape.value_size, kShape.key_size});
  }
};

TEST_F(GatedDeltaTest, OurKernelsAgreeWithMlxStepAfterStep) {
  constexpr int kSequences = 3, kSteps = 3;
  std::vector<Ours> ours(kSequences);
  std::vector<DeltaState> theirs(kSequences, no_delta_state(kShape));
  for (int step = 0; step < kSteps; ++step) {
    std::vector<kernels::DeltaSlice> slices;
    int rows = 0;
    for (int i = 0; i < kSequences; ++i) {
      const int count = kCounts[(i + step) % kSequences];
      slices.push_back({rows, count, ours[i].conv.data(), ours[i].state.data()});
      rows += count;
    }
    // Views of something wider, as one product's parts are.
    const mx::array wide = random({rows, kShape.channels() + 2 * kShape.value_heads});
    const auto in =
        mx::split(wide, mx::Shape{kShape.channels(), kShape.channels() + kShape.value_heads}, -1);
    const mx::array out = gated_delta(runtime_, kShape, weights_, in[0], in[1], in[2], slices);
    mx::eval(out);
    for (int i = 0; i < kSequences; ++i) {
      const auto mine = [&](const mx::array& x) {
        return part(x, slices[i].first, slices[i].count);
      };
      const DeltaStep one =
          gated_delta(kShape, weights_, mine(in[0]), mine(in[1]), mine(in[2]), theirs[i]);
      theirs[i] = one.after;
      const auto flat = [](const mx::array& x) { return mx::flatten(x, 1); };
      EXPECT_TRUE(close(mine(flat(out)), flat(one.out))) << step << ", sequence " << i;
      EXPECT_TRUE(close(ours[i].whole_state(), theirs[i].state)) << step << ", sequence " << i;
      EXPECT_TRUE(mx::array_equal(ours[i].conv_rows(), theirs[i].conv).item<bool>()) << step;
    }
  }
}

// Whoever keeps a state must not keep the rows of the step that it came from.
TEST_F(GatedDeltaTest, AStateHoldsNoMoreThanItsNumbers) {
  const int rows = 50;
  DeltaStep step = gated_delta(kShape, weights_, random({rows, kShape.channels()}),
                               random({rows, kShape.value_heads}),
                               random({rows, kShape.value_heads}), no_delta_state(kShape));
  mx::eval(step.out, step.after.conv, step.after.state);
  EXPECT_LT(step.after.conv.buffer_size(), 2 * step.after.conv.nbytes());
  EXPECT_LT(step.after.state.buffer_size(), 2 * step.after.state.nbytes());
  EXPECT_EQ(step.after.conv.nbytes() + step.after.state.nbytes(), kernels::delta_bytes(kShape));
}

TEST_F(GatedDeltaTest, TheConvolutionIsReadAsMlxAndAsHuggingFaceStoreIt) {
  const mx::array conv = mx::astype(random({kShape.channels(), kShape.taps}), mx::bfloat16);
  const mx::array heads = random({kShape.value_heads});
  const mx::array right = mx::astype(mx::transpose(conv), mx::float32);
  for (const int axis : {1, 2}) {
    const DeltaWeights weights = delta_weights(mx::expand_dims(conv, axis), heads, heads);
    EXPECT_TRUE(mx::array_equal(weights.conv, right).item<bool>());
    EXPECT_EQ(weights.conv.dtype(), mx::float32);
  }
}

}  // namespace
}  // namespace sanctum::nn
