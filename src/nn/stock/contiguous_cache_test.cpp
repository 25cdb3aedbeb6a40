#include "nn/stock/contiguous_cache.h"

#include <gtest/gtest.h>
#include <mlx/mlx.h>

#include "nn/stock/stock_attention.h"

namespace sanctum::nn {
namespace {

mx::array numbers(int heads, int n, int size, float from) {
  return mx::reshape(mx::arange(from, from + static_cast<float>(heads * n * size), 1.0f),
                     {heads, n, size});
}

TEST(ContiguousLayer, KeepsWhatWasAppendedAcrossBlocks) {
  ContiguousCache::Layer cache;
  std::optional<mx::array> all;
  std::vector<mx::array> parts;
  for (int i = 0; i < 5; ++i) {
    const mx::array part = numbers(2, 100, 4, static_cast<float>(i) * 1000);
    parts.push_back(part);
    all = cache.append(part, part).first;
    mx::eval(*all);
  }
  EXPECT_EQ(cache.length(), 500);
  const mx::array expected = mx::expand_dims(mx::concatenate(parts, 1), 0);
  EXPECT_TRUE(mx::array_equal(*all, expected).item<bool>());
}

// A stray handle would turn every append into a copy of the whole cache.
TEST(ContiguousLayer, AppendsInPlace) {
  ContiguousCache::Layer cache;
  const auto append = [&] {
    const mx::array one = mx::ones({1, 1, 8});
    auto [keys, values] = cache.append(one, one);
    mx::eval(keys, values);
    return keys.data<float>();
  };
  const float* first = append();
  for (int i = 1; i < ContiguousMemory::kGrainTokens; ++i)
    ASSERT_EQ(append(), first) << "after " << i;
}

// A copy that is not evaluated with the step that filled it would make the next append copy all.
TEST(ContiguousCache, ACopyIsEvaluatedWithItsStep) {
  ContiguousMemory memory(alike(1, {1, 1}), mx::float32, 1 << 20);
  ContiguousCache cache(memory);
  ASSERT_TRUE(cache.reserve(100));
  const float* where = nullptr;
  for (int tokens = 0; tokens < 100; ++tokens) {
    const mx::array one = mx::full({1, 1, 1}, static_cast<float>(tokens));
    auto [keys, values] = cache.layer(0).append(one, one);
    cache.advance(1);
    std::shared_ptr<KvRun> block;
    if (cache.length() == ContiguousMemory::kBlockTokens) block = cache.share(0, 1);
    std::vector<mx::array> all = memory.take_unevaluated();
    EXPECT_EQ(all.size(), block ? 2 : 0);
    if (block) EXPECT_FALSE(all.front().is_available()) << "evaluated by itself";
    all.insert(all.end(), {keys, values});
    mx::eval(all);
    if (tokens == 0) where = keys.data<float>();
    ASSERT_EQ(keys.data<float>(), where) << "after " << tokens;
  }
}

// Once a copy was charged unasked, and then stood in the way of the sequence that it was copied
// from.
TEST(ContiguousCache, ACopyIsMadeOnlyWhereThereIsRoom) {
  constexpr std::uint64_t kTokenBytes = 8;  // one key and one value
  ContiguousMemory memory(alike(1, {1, 1}), mx::float32, kTokenBytes * 320);
  ContiguousCache cache(memory);
  ASSERT_TRUE(cache.reserve(100));
  EXPECT_EQ(memory.taken(), kTokenBytes * ContiguousMemory::kGrainTokens);
  const mx::array some = mx::ones({1, 64, 1});
  cache.layer(0).append(some, some);
  cache.advance(64);
  auto copy = cache.share(0, 1);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(memory.taken(), kTokenBytes * 320);
  EXPECT_EQ(cache.share(0, 1), nullptr);
  EXPECT_FALSE(cache.reserve(ContiguousMemory::kGrainTokens + 1));
  EXPECT_EQ(memory.taken(), kTokenBytes * 320);
  copy.reset();
  EXPECT_EQ(memory.taken(), kTokenBytes * ContiguousMemory::kGrainTokens);
}

// Packed sequences must not see each other: attention over two at once equals each alone.
TEST(Attention, PackedSequencesEqualEachAlone) {
  mx::random::seed(3);
  const mx::array q = mx::random::normal({7, 4, 8}), k = mx::random::normal({7, 2, 8}),
                  v = mx::random::normal({7, 2, 8});
  const auto part = [](const mx::array& x, int from, int to) {
    return mx::slice(x, {from, 0, 0}, {to, x.shape(1), 8});
  };
  ContiguousMemory memory(alike(1, {2, 8}), mx::float32, 1 << 20);
  ContiguousCache a(memory), b(memory), alone_a(memory), alone_b(memory);
  const mx::array both =
      causal_attention(q, KeyValueRows{k, v}, {0.3f}, {{0, 3, &a}, {3, 4, &b}}, 0);
  const mx::array first = causal_attention(
      part(q, 0, 3), KeyValueRows{part(k, 0, 3), part(v, 0, 3)}, {0.3f}, {{0, 3, &alone_a}}, 0);
  const mx::array second = causal_attention(
      part(q, 3, 7), KeyValueRows{part(k, 3, 7), part(v, 3, 7)}, {0.3f}, {{0, 4, &alone_b}}, 0);
  EXPECT_TRUE(mx::array_equal(both, mx::concatenate({first, second}, 0)).item<bool>());
}

// Attention fed in pieces equals attention fed at once.
TEST(Attention, ChunksEqualTheWhole) {
  mx::random::seed(4);
  const mx::array q = mx::random::normal({9, 4, 8}), k = mx::random::normal({9, 2, 8}),
                  v = mx::random::normal({9, 2, 8});
  const auto part = [](const mx::array& x, int from, int to) {
    return mx::slice(x, {from, 0, 0}, {to, x.shape(1), 8});
  };
  ContiguousMemory memory(alike(1, {2, 8}), mx::float32, 1 << 20);
  ContiguousCache whole(memory), pieces(memory);
  const mx::array expected = causal_attention(q, KeyValueRows{k, v}, {0.3f}, {{0, 9, &whole}}, 0);
  std::vector<mx::array> found;
  for (const auto& [from, to] : {std::pair{0, 4}, {4, 5}, {5, 9}}) {
    found.push_back(causal_attention(part(q, from, to),
                                     KeyValueRows{part(k, from, to), part(v, from, to)}, {0.3f},
                                     {{0, to - from, &pieces}}, 0));
  }
  EXPECT_TRUE(mx::allclose(mx::concatenate(found, 0), expected, 1e-5, 1e-6).item<bool>());
}

}  // namespace
}  // namespace sanctum::nn
