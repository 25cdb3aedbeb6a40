// A sequence's keys and values in blocks of an arena.
#pragma once

#include <memory>
#include <vector>

#include "nn/kv_arena.h"
#include "nn/sequence_cache.h"

namespace sanctum::nn {

class PagedCache final : public SequenceCache {
 public:
  explicit PagedCache(std::shared_ptr<KvArena> arena) : arena_(std::move(arena)) {}
  ~PagedCache() override;
  PagedCache(const PagedCache&) = delete;
  PagedCache& operator=(const PagedCache&) = delete;

  bool reserve(int tokens) override;
  std::uint64_t bytes() const override;
  std::shared_ptr<KvBlock> share(int at) override;
  bool adopt(const std::shared_ptr<KvBlock>& block) override;

  const std::vector<int>& blocks() const { return blocks_; }
  const KvArena& arena() const { return *arena_; }

 private:
  std::shared_ptr<KvArena> arena_;
  std::vector<int> blocks_;
};

class PagedMemory final : public KvMemory {
 public:
  // Throws as KvArena does.
  PagedMemory(const KvShape& shape, kernels::KvType type, std::uint64_t bytes)
      : arena_(std::make_shared<KvArena>(shape, type, bytes)) {}
  int block_tokens() const override { return KvArena::kBlockTokens; }
  int grain_tokens() const override { return KvArena::kBlockTokens; }
  bool shares_copies() const override { return false; }
  std::int64_t tokens_max() const override {
    return std::int64_t{arena_->blocks()} * KvArena::kBlockTokens;
  }
  std::unique_ptr<SequenceCache> sequence() override {
    return std::make_unique<PagedCache>(arena_);
  }
  std::uint64_t bytes_touched() const override { return arena_->bytes_touched(); }

 private:
  std::shared_ptr<KvArena> arena_;
};

}  // namespace sanctum::nn
