#include "nn/stock/stock_attention.h"

#include <gtest/gtest.h>
#include <mlx/mlx.h>

namespace sanctum::nn {
namespace {

mx::array random(int rows, int heads, int size) {
  const mx::array x = mx::random::normal({rows, heads, size});
  mx::eval(x);
  return x;
}

TEST(FullAttention, InChunksOfRowsEqualsTheWhole) {
  mx::random::seed(5);
  const int n = 37, heads = 4;
  const mx::array q = random(n, heads, 8), k = random(n, heads, 8), v = random(n, heads, 8);
  const auto batched = [](const mx::array& x) {
    return mx::expand_dims(mx::transpose(x, {1, 0, 2}), 0);
  };
  const mx::array reference = mx::reshape(
      mx::transpose(
          mx::fast::scaled_dot_product_attention(batched(q), batched(k), batched(v), 0.3f),
          {0, 2, 1, 3}),
      {n, heads * 8});
  const std::uint64_t row_bytes = heads * n * sizeof(float);
  for (const std::uint64_t limit :
       {std::uint64_t{1}, 10 * row_bytes, (n - 1) * row_bytes, n * row_bytes}) {
    const mx::array found = full_attention(q, k, v, 0.3f, limit);
    EXPECT_EQ(found.shape(), reference.shape());
    EXPECT_TRUE(mx::allclose(found, reference, 1e-5, 1e-6).item<bool>()) << limit;
  }
}

// One large picture must not ask for heads * rows * rows floats at once.
TEST(FullAttention, KeepsItsScoresBelowTheLimit) {
  const int n = 1024, heads = 8;
  const mx::array q = random(n, heads, 8), k = random(n, heads, 8), v = random(n, heads, 8);
  const std::uint64_t all_scores = sizeof(float) * heads * n * n;
  const std::uint64_t before = mx::get_active_memory();
  if (mx::default_device() == mx::Device::cpu) {  // elsewhere a kernel may need no scores
    mx::reset_peak_memory();
    mx::eval(full_attention(q, k, v, 0.3f));
    EXPECT_GE(mx::get_peak_memory() - before, all_scores);
  }
  mx::reset_peak_memory();
  mx::eval(full_attention(q, k, v, 0.3f, all_scores / 32));
  EXPECT_LT(mx::get_peak_memory() - before, all_scores / 4);
}

}  // namespace
}  // namespace sanctum::nn
