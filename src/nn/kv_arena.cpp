#include "nn/kv_arena.h"

#include <sys/mman.h>

#include <string>

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum::nn {

void KvArena::Unmap::operator()(std::byte* data) const {
  ::munmap(data, bytes);
}

KvArena::KvArena(const KvShape& shape, kernels::KvType type, std::uint64_t bytes)
    : shape_(shape), type_(type), data_(nullptr, Unmap{}) {
  const auto count = static_cast<std::uint64_t>(
      kv_tokens_within(bytes, block_bytes() / kBlockTokens) / kBlockTokens);
  // Pages come with their first use; a page once used stays.
  const std::size_t size = count * block_bytes();
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    throw Error(ErrorCode::kInvalid,
                std::to_string(size) + " bytes for keys and values cannot be reserved", "kv_bytes");
  }
  data_ = std::unique_ptr<std::byte[], Unmap>(static_cast<std::byte*>(data), Unmap{size});
  references_.resize(count, 0);
  free_.reserve(count);
  for (std::uint64_t i = count; i > 0; --i) free_.push_back(static_cast<int>(i - 1));
}

int KvArena::take() {
  SANCTUM_INVARIANT(!free_.empty(), "a free block");
  const int block = free_.back();
  free_.pop_back();
  references_[static_cast<std::size_t>(block)] = 1;
  return block;
}

void KvArena::share(int block) {
  SANCTUM_INVARIANT(references_[static_cast<std::size_t>(block)] > 0, "a block that is held");
  ++references_[static_cast<std::size_t>(block)];
}

void KvArena::release(int block) {
  int& references = references_[static_cast<std::size_t>(block)];
  SANCTUM_INVARIANT(references > 0, "a block that is held");
  if (--references == 0) free_.push_back(block);
}

std::byte* KvArena::keys(int block, int layer, int head) const {
  const std::size_t at = static_cast<std::size_t>(layer) * shape_.kv_heads + head;
  return data_.get() + block_bytes() * block + at * 2 * head_bytes();
}

}  // namespace sanctum::nn
