#include "engine/prefix_cache.h"

#include <gtest/gtest.h>

#include <array>

namespace sanctum::engine {
namespace {

constexpr int kBlockTokens = 4;
constexpr std::uint64_t kBytes = 100;  // of every block here

struct Block final : nn::KvRun {
  std::uint64_t bytes() const override { return kBytes; }
};

std::vector<PrefixCache::Token> spelled(int first, std::byte picture = std::byte{0}) {
  std::vector<PrefixCache::Token> out;
  out.reserve(kBlockTokens);
  for (int i = 0; i < kBlockTokens; ++i) out.push_back({first + i, {picture}});
  return out;
}

class PrefixCacheTest : public ::testing::Test {
 protected:
  PrefixCache::Node* computed(PrefixCache::Node* behind, int first) {
    PrefixCache::Node* node = cache_.hold(behind, spelled(first));
    if (!PrefixCache::run_of(node)) cache_.fill(node, std::make_shared<Block>());
    return node;
  }
  bool is_cached(PrefixCache::Node* behind, int first) {
    PrefixCache::Node* node = cache_.hold(behind, spelled(first));
    const bool out = PrefixCache::run_of(node) != nullptr;
    cache_.release(node, this);
    return out;
  }
  PrefixCache cache_{3 * kBytes};
};

TEST_F(PrefixCacheTest, ABlockIsFoundBehindItsOwnPrefixOnly) {
  PrefixCache::Node* one = computed(nullptr, 1);
  PrefixCache::Node* other = computed(nullptr, 2);
  PrefixCache::Node* next = computed(one, 5);
  EXPECT_EQ(cache_.hold(one, spelled(5)), next);
  EXPECT_TRUE(is_cached(one, 5));
  EXPECT_FALSE(is_cached(other, 5));
  EXPECT_FALSE(is_cached(nullptr, 5));
}

TEST_F(PrefixCacheTest, AnotherPictureIsAnotherPrefix) {
  computed(nullptr, 1);
  PrefixCache::Node* other = cache_.hold(nullptr, spelled(1, std::byte{7}));
  EXPECT_EQ(PrefixCache::run_of(other), nullptr);
}

TEST_F(PrefixCacheTest, OneHolderComputesUntilItLetsGo) {
  const int a = 0, b = 0;
  PrefixCache::Node* node = cache_.hold(nullptr, spelled(1));
  ASSERT_EQ(cache_.hold(nullptr, spelled(1)), node);
  EXPECT_TRUE(PrefixCache::claim(node, &a));
  EXPECT_TRUE(PrefixCache::claim(node, &a));
  EXPECT_FALSE(PrefixCache::claim(node, &b));
  cache_.release(node, &a);
  EXPECT_TRUE(PrefixCache::claim(node, &b));
}

TEST_F(PrefixCacheTest, TheOldestThatNobodyHoldsGoesFirst) {
  const std::array<PrefixCache::Node*, 4> nodes{computed(nullptr, 0), computed(nullptr, 10),
                                                computed(nullptr, 20), computed(nullptr, 30)};
  EXPECT_EQ(cache_.bytes(), 4 * kBytes) << "what is held counts, and stays";
  cache_.release(nodes[1], this);
  EXPECT_EQ(cache_.bytes(), 3 * kBytes) << "nobody holds it, and there was too much";
  cache_.release(nodes[2], this);
  cache_.release(nodes[0], this);
  EXPECT_TRUE(is_cached(nullptr, 20));  // and is the youngest now
  EXPECT_TRUE(cache_.evict());
  EXPECT_FALSE(is_cached(nullptr, 0));
  EXPECT_TRUE(is_cached(nullptr, 20));
  EXPECT_TRUE(cache_.evict());
  EXPECT_FALSE(cache_.evict()) << "the last one is held";
  EXPECT_TRUE(is_cached(nullptr, 30));
}

TEST_F(PrefixCacheTest, APrefixOutlivesWhatIsBehindIt) {
  PrefixCache::Node* one = computed(nullptr, 1);
  PrefixCache::Node* next = computed(one, 5);
  cache_.release(one, this);
  EXPECT_FALSE(cache_.evict()) << "something is behind it";
  cache_.release(next, this);
  EXPECT_TRUE(cache_.evict());
  EXPECT_TRUE(is_cached(nullptr, 1));
  EXPECT_TRUE(cache_.evict());
  EXPECT_EQ(cache_.bytes(), 0u);
}

}  // namespace
}  // namespace sanctum::engine
