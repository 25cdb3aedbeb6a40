#include "nn/cpu/block_pool.h"

#include <new>
#include <string>

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum::nn {

namespace {

platform::Pages reserved(std::size_t bytes) try {
  return platform::Pages(bytes);
} catch (const std::bad_alloc&) {
  throw Error(ErrorCode::kInvalid,
              std::to_string(bytes) + " bytes for keys and values cannot be reserved", "kv_bytes");
}

}  // namespace

BlockPool::BlockPool(std::size_t block_bytes, std::size_t blocks)
    : block_bytes_(block_bytes), pages_(reserved(blocks * block_bytes)), references_(blocks, 0) {
  pages_.use_large();  // a head's keys and values of 64 tokens are a page of their own otherwise
  cold_.reserve(blocks);
  for (std::size_t i = blocks; i > 0; --i) cold_.push_back(static_cast<int>(i - 1));
}

int BlockPool::take() {
  std::vector<int>& from = warm_.empty() ? cold_ : warm_;
  SANCTUM_INVARIANT(!from.empty(), "a free block");
  const int block = from.back();
  from.pop_back();
  references_[static_cast<std::size_t>(block)] = 1;
  return block;
}

void BlockPool::share(int block) {
  SANCTUM_INVARIANT(references(block) > 0, "a block that is held");
  ++references_[static_cast<std::size_t>(block)];
}

void BlockPool::release(int block) {
  SANCTUM_INVARIANT(references(block) > 0, "a block that is held");
  if (--references_[static_cast<std::size_t>(block)] == 0) warm_.push_back(block);
}

void BlockPool::give_back() {
  SANCTUM_INVARIANT(!warm_.empty(), "a free block with memory");
  const int block = warm_.back();
  warm_.pop_back();
  pages_.give_back(block_bytes_ * static_cast<std::size_t>(block), block_bytes_);
  cold_.push_back(block);
}

}  // namespace sanctum::nn
