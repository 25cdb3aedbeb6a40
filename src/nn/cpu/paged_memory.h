// The memory of a model's keys and values on the CPU path: blocks of 64 tokens, reserved once.
//
// A block holds its tokens' keys and values of every layer and head, as kernels/attention.h wants
// them: for each layer, for each head, keys, then values, the head padded with zeros to a multiple
// of 32 and kept as a KvType says. Blocks are counted references: a prefix is shared by
// holding its blocks twice; who shares a block does not write it.
// Thread rule: device thread only, but for the bytes themselves, which the stream's thread fills.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/kv_type.h"
#include "nn/kv_memory.h"
#include "platform/pages.h"

namespace sanctum::nn {

// As the attention kernels want heads.
constexpr int padded_head_size(int head_size) {
  return (head_size + 31) / 32 * 32;
}

class PagedMemory final : public KvMemory {
 public:
  static constexpr int kBlockTokens = kernels::kKeysPerBlock;

  // Throws Error(kInvalid) naming "kv_bytes" if that is too little or cannot be reserved.
  PagedMemory(const KvShape& shape, kernels::KvType type, std::uint64_t bytes);

  kernels::KvType type() const { return type_; }
  int padded_head_size() const { return nn::padded_head_size(shape_.head_size); }
  std::size_t block_bytes() const { return head_bytes() * 2 * shape_.kv_heads * shape_.layers; }
  int block_tokens() const override { return kBlockTokens; }
  int grain_tokens() const override { return kBlockTokens; }
  bool shares_copies() const override { return false; }
  std::int64_t tokens_max() const override { return std::int64_t{blocks()} * kBlockTokens; }
  std::unique_ptr<SequenceCache> sequence() override;
  // Of the blocks that were ever taken: a page that was once used stays.
  std::uint64_t bytes_touched() const override {
    return std::uint64_t{block_bytes()} * blocks_touched_;
  }

  int blocks() const { return static_cast<int>(references_.size()); }
  int blocks_free() const { return static_cast<int>(free_.size()); }

  // One reference to a free block; there must be one.
  int take();
  void share(int block);
  void release(int block);

  std::byte* keys(int block, int layer, int head) const;
  std::byte* values(int block, int layer, int head) const {
    return keys(block, layer, head) + head_bytes();
  }

 private:
  // Throws as the constructor does for too little.
  std::size_t blocks_within(std::uint64_t bytes) const;
  // Of keys, and of values, in one block.
  std::size_t head_bytes() const { return kernels::kv_head_bytes(type_, padded_head_size()); }

  KvShape shape_;
  kernels::KvType type_;
  platform::Pages pages_;
  std::vector<int> references_;
  std::vector<int> free_;           // the last is the next to be taken
  std::size_t blocks_touched_ = 0;  // the first so many
};

}  // namespace sanctum::nn
