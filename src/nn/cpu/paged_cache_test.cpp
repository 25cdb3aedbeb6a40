#include "nn/cpu/paged_cache.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"

namespace sanctum::nn {
namespace {

constexpr int kBlock = PagedMemory::kBlockTokens;
constexpr int kWindow = 100;  // tokens
constexpr std::uint64_t kBytes = 1u << 22;

const LayerMemory kAll = KeysAndValues{2, 32}, kWindowed = KeysAndValues{1, 64, kWindow};
const LayerMemory kRecurrent = RecurrentState{1, 2, 4, 4, 4};

PagedMemory memory_of(std::vector<LayerMemory> layers, std::uint64_t bytes = kBytes) {
  return {{std::move(layers), kernels::kFloat32}, kernels::kv_type_of(kernels::kFloat32), bytes};
}

// Feeds `tokens` in steps of `step`.
void feed(SequenceCache& cache, int tokens, int step) {
  while (tokens > 0) {
    const int n = std::min(tokens, step);
    ASSERT_TRUE(cache.reserve(cache.length() + n));
    cache.advance(n);
    tokens -= n;
  }
}

TEST(PagedMemory, AWindowTakesMemoryForItselfAlone) {
  PagedMemory memory = memory_of({kAll, kWindowed});
  const auto cache = memory.sequence();
  feed(*cache, 10 * kBlock, 50);
  const auto& paged = static_cast<const PagedCache&>(*cache);
  EXPECT_EQ(memory.pool(PagedMemory::kAll).blocks() - memory.pool(PagedMemory::kAll).blocks_free(),
            10);
  ASSERT_TRUE(cache->reserve(10 * kBlock + 1));
  const auto& window = paged.blocks(1);
  ASSERT_EQ(window.size(), 11u);
  const int first = (10 * kBlock - kWindow + 1) / kBlock;
  for (int at = 0; at < 11; ++at)
    EXPECT_EQ(window[static_cast<std::size_t>(at)] == PagedCache::kGone, at < first) << at;
  EXPECT_LE(cache->bytes(), memory.bytes_for(10 * kBlock + 1));
}

TEST(PagedMemory, WhatIsPredictedIsEnough) {
  for (const int step : {1, 17, 64, 512}) {
    PagedMemory memory = memory_of({kAll, kWindowed, kRecurrent});
    const auto cache = memory.sequence();
    for (int tokens = 0; tokens < 1500; tokens += step) {
      feed(*cache, step, step);
      EXPECT_LE(cache->bytes(), memory.bytes_for(cache->length())) << step;
    }
  }
}

TEST(PagedMemory, KindsOfBlocksShareOneNumberOfBytes) {
  PagedMemory memory = memory_of({kAll, kWindowed, kRecurrent},
                                 memory_of({kAll, kWindowed, kRecurrent}).bytes_for(2000));
  auto one = memory.sequence();
  feed(*one, 2000, 64);
  const std::uint64_t touched = memory.bytes_touched();
  EXPECT_LE(touched, memory.bytes_max());
  one.reset();
  EXPECT_EQ(memory.bytes_touched(), touched) << "it stays warm";
  // Many short ones: now windows and states want most of it.
  std::vector<std::unique_ptr<SequenceCache>> many;
  while (true) {
    auto next = memory.sequence();
    if (!next->reserve(kBlock)) break;
    std::memset(memory.state(static_cast<PagedCache&>(*next).state_block(), 2), 1, 8);
    many.push_back(std::move(next));
    EXPECT_LE(memory.bytes_touched(), memory.bytes_max());
  }
  EXPECT_GT(many.size(), 10u);
  std::uint64_t held = 0;
  for (const auto& cache : many) held += cache->bytes();
  EXPECT_LE(held, memory.bytes_max());
  EXPECT_GT(held + memory.bytes_for(kBlock), memory.bytes_max());
}

TEST(PagedMemory, ModelsOfStatesAloneTakeTheSameForAnyLength) {
  PagedMemory memory = memory_of({kRecurrent});
  EXPECT_EQ(memory.bytes_for(1), memory.bytes_for(1 << 20));
  EXPECT_GE(memory.tokens_max(), 1 << 24);
  EXPECT_THROW(memory_of({kRecurrent}, 100), Error);
}

TEST(PagedCache, AStateBeginsWithZerosAndIsCopiedBeforeItChanges) {
  PagedMemory memory = memory_of({kRecurrent, kAll});
  const auto first = memory.sequence();
  const auto state = [&](const SequenceCache& cache) {
    return memory.state(static_cast<const PagedCache&>(cache).state_block(), 0);
  };
  ASSERT_TRUE(first->reserve(kBlock));
  EXPECT_EQ(state(*first)[0], 0);
  state(*first)[0] = 1;
  first->advance(kBlock);
  const auto run = first->share(0, 1);
  ASSERT_TRUE(first->reserve(kBlock + 1));
  state(*first)[0] = 2;  // the next step's
  const auto second = memory.sequence();
  ASSERT_TRUE(second->adopt(run));
  EXPECT_EQ(second->length(), kBlock);
  EXPECT_EQ(state(*second)[0], 1);
  ASSERT_TRUE(second->reserve(kBlock + 1));
  state(*second)[0] = 3;
  const auto third = memory.sequence();
  ASSERT_TRUE(third->adopt(run));
  EXPECT_EQ(state(*third)[0], 1) << "nobody wrote what is shared";
}

TEST(PagedCache, ARunHasTheWindowOfItsEnd) {
  PagedMemory memory = memory_of({kAll, kWindowed});
  const auto value = [&](const SequenceCache& cache, int token) -> std::byte& {
    const auto& blocks = static_cast<const PagedCache&>(cache).blocks(1);
    return memory.keys(blocks[static_cast<std::size_t>(token / kBlock)], 1, 0)[token % kBlock];
  };
  std::vector<std::shared_ptr<KvRun>> runs;
  {
    const auto cache = memory.sequence();
    for (int end : {4, 8}) {
      for (int token = cache->length(); token < end * kBlock; ++token) {
        feed(*cache, 1, 1);
        value(*cache, token) = static_cast<std::byte>(token % 251);
      }
      runs.push_back(cache->share(end - 4, end));
    }
  }
  const auto next = memory.sequence();
  ASSERT_TRUE(next->adopt(runs[0]));
  ASSERT_TRUE(next->adopt(runs[1]));
  ASSERT_EQ(next->length(), 8 * kBlock);
  ASSERT_TRUE(next->reserve(8 * kBlock + 1));
  for (int token = 8 * kBlock - kWindow + 1; token < 8 * kBlock; ++token)
    EXPECT_EQ(value(*next, token), static_cast<std::byte>(token % 251)) << token;
  runs.clear();
  EXPECT_EQ(next->bytes(), 9 * memory.bytes_of({{1, 0, 0}}) + 3 * memory.bytes_of({{0, 1, 0}}));
}

TEST(PagedCache, AllOfItComesBack) {
  PagedMemory memory = memory_of({kAll, kWindowed, kRecurrent});
  {
    const auto one = memory.sequence();
    feed(*one, 4 * kBlock, 64);
    const auto run = one->share(0, 4);
    const auto other = memory.sequence();
    ASSERT_TRUE(other->adopt(run));
    feed(*other, 100, 30);
    feed(*one, 500, 100);
  }
  for (const auto kind : {PagedMemory::kAll, PagedMemory::kWindow, PagedMemory::kState})
    EXPECT_EQ(memory.pool(kind).bytes_held(), 0u);
}

}  // namespace
}  // namespace sanctum::nn
