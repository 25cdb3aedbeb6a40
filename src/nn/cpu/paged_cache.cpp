#include "nn/cpu/paged_cache.h"

#include "base/invariant.h"

namespace sanctum::nn {
namespace {

class PagedBlock final : public KvBlock {
 public:
  // Takes over one reference.
  PagedBlock(PagedMemory& memory, int block) : memory_(memory), block_(block) {}
  ~PagedBlock() override { memory_.release(block_); }
  PagedBlock(const PagedBlock&) = delete;
  PagedBlock& operator=(const PagedBlock&) = delete;

  std::uint64_t bytes() const override { return memory_.block_bytes(); }
  int block() const { return block_; }

 private:
  PagedMemory& memory_;
  int block_;
};

}  // namespace

PagedCache::~PagedCache() {
  for (const int block : blocks_) memory_.release(block);
}

bool PagedCache::reserve(int tokens) {
  const int wanted = (tokens + PagedMemory::kBlockTokens - 1) / PagedMemory::kBlockTokens;
  const int missing = wanted - static_cast<int>(blocks_.size());
  if (missing > memory_.blocks_free()) return false;
  for (int i = 0; i < missing; ++i) blocks_.push_back(memory_.take());
  return true;
}

std::shared_ptr<KvBlock> PagedCache::share(int at) {
  SANCTUM_INVARIANT((at + 1) * PagedMemory::kBlockTokens <= length(), "a full block");
  const int block = blocks_[static_cast<std::size_t>(at)];
  memory_.share(block);
  return std::make_shared<PagedBlock>(memory_, block);
}

bool PagedCache::adopt(const std::shared_ptr<KvBlock>& block) {
  SANCTUM_INVARIANT(length() == static_cast<int>(blocks_.size()) * PagedMemory::kBlockTokens,
                    "whole blocks before a shared one");
  const int shared = static_cast<const PagedBlock&>(*block).block();
  memory_.share(shared);
  blocks_.push_back(shared);
  advance(PagedMemory::kBlockTokens);
  return true;
}

std::uint64_t PagedCache::bytes() const {
  return blocks_.size() * memory_.block_bytes();
}

}  // namespace sanctum::nn
