#include "nn/paged_cache.h"

#include "base/invariant.h"

namespace sanctum::nn {
namespace {

class PagedBlock final : public KvBlock {
 public:
  // Takes over one reference.
  PagedBlock(std::shared_ptr<KvArena> arena, int block) : arena_(std::move(arena)), block_(block) {}
  ~PagedBlock() override { arena_->release(block_); }
  PagedBlock(const PagedBlock&) = delete;
  PagedBlock& operator=(const PagedBlock&) = delete;

  std::uint64_t bytes() const override { return arena_->block_bytes(); }
  int block() const { return block_; }

 private:
  std::shared_ptr<KvArena> arena_;
  int block_;
};

}  // namespace

PagedCache::~PagedCache() {
  for (const int block : blocks_) arena_->release(block);
}

bool PagedCache::reserve(int tokens) {
  const int wanted = (tokens + KvArena::kBlockTokens - 1) / KvArena::kBlockTokens;
  const int missing = wanted - static_cast<int>(blocks_.size());
  if (missing > arena_->blocks_free()) return false;
  for (int i = 0; i < missing; ++i) blocks_.push_back(arena_->take());
  return true;
}

std::shared_ptr<KvBlock> PagedCache::share(int at) {
  SANCTUM_INVARIANT((at + 1) * KvArena::kBlockTokens <= length(), "a full block");
  const int block = blocks_[static_cast<std::size_t>(at)];
  arena_->share(block);
  return std::make_shared<PagedBlock>(arena_, block);
}

bool PagedCache::adopt(const std::shared_ptr<KvBlock>& block) {
  SANCTUM_INVARIANT(length() == static_cast<int>(blocks_.size()) * KvArena::kBlockTokens,
                    "whole blocks before a shared one");
  const int shared = static_cast<const PagedBlock&>(*block).block();
  arena_->share(shared);
  blocks_.push_back(shared);
  advance(KvArena::kBlockTokens);
  return true;
}

std::uint64_t PagedCache::bytes() const {
  return blocks_.size() * arena_->block_bytes();
}

}  // namespace sanctum::nn
