// A sequence's keys and values in blocks of a PagedMemory.
#pragma once

#include <memory>
#include <vector>

#include "nn/cpu/paged_memory.h"
#include "nn/kv_memory.h"

namespace sanctum::nn {

class PagedCache final : public SequenceCache {
 public:
  explicit PagedCache(PagedMemory& memory) : memory_(memory) {}
  ~PagedCache() override;
  PagedCache(const PagedCache&) = delete;
  PagedCache& operator=(const PagedCache&) = delete;

  bool reserve(int tokens) override;
  std::uint64_t bytes() const override;
  std::shared_ptr<KvBlock> share(int at) override;
  bool adopt(const std::shared_ptr<KvBlock>& block) override;

  const std::vector<int>& blocks() const { return blocks_; }
  const PagedMemory& memory() const { return memory_; }

 private:
  PagedMemory& memory_;
  std::vector<int> blocks_;
};

}  // namespace sanctum::nn
