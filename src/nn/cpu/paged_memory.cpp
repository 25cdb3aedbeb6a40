#include "nn/cpu/paged_memory.h"

#include <algorithm>
#include <new>
#include <string>

#include "base/error.h"
#include "base/invariant.h"
#include "nn/cpu/paged_cache.h"

namespace sanctum::nn {

namespace {

platform::Pages reserved(std::size_t bytes) try {
  return platform::Pages(bytes);
} catch (const std::bad_alloc&) {
  throw Error(ErrorCode::kInvalid,
              std::to_string(bytes) + " bytes for keys and values cannot be reserved", "kv_bytes");
}

}  // namespace

PagedMemory::PagedMemory(const KvShape& shape, kernels::KvType type, std::uint64_t bytes)
    : shape_(shape), type_(type), pages_(reserved(blocks_within(bytes) * block_bytes())) {
  pages_.use_large();  // a head's keys and values of 64 tokens are a page of their own otherwise
  const std::size_t count = blocks_within(bytes);
  references_.resize(count, 0);
  free_.reserve(count);
  for (std::size_t i = count; i > 0; --i) free_.push_back(static_cast<int>(i - 1));
}

std::size_t PagedMemory::blocks_within(std::uint64_t bytes) const {
  return static_cast<std::size_t>(kv_tokens_within(bytes, block_bytes() / kBlockTokens) /
                                  kBlockTokens);
}

std::unique_ptr<SequenceCache> PagedMemory::sequence() {
  return std::make_unique<PagedCache>(*this);
}

int PagedMemory::take() {
  SANCTUM_INVARIANT(!free_.empty(), "a free block");
  const int block = free_.back();
  free_.pop_back();
  const auto at = static_cast<std::size_t>(block);
  references_[at] = 1;
  blocks_touched_ = std::max(blocks_touched_, at + 1);
  return block;
}

void PagedMemory::share(int block) {
  SANCTUM_INVARIANT(references_[static_cast<std::size_t>(block)] > 0, "a block that is held");
  ++references_[static_cast<std::size_t>(block)];
}

void PagedMemory::release(int block) {
  int& references = references_[static_cast<std::size_t>(block)];
  SANCTUM_INVARIANT(references > 0, "a block that is held");
  if (--references == 0) free_.push_back(block);
}

std::byte* PagedMemory::keys(int block, int layer, int head) const {
  const std::size_t at = static_cast<std::size_t>(layer) * shape_.kv_heads + head;
  return pages_.data() + block_bytes() * block + at * 2 * head_bytes();
}

}  // namespace sanctum::nn
