// Blocks of one size, handed out as counted references: who shares a block does not write it.
//
// Addresses are reserved once; a block takes memory when it is first used, and keeps it when it is
// free until give_back(). Invariant: a block that somebody refers to is not handed out.
// Thread rule: device thread only, but for the bytes themselves, which the stream's thread fills.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "platform/pages.h"

namespace sanctum::nn {

class BlockPool {
 public:
  // Throws Error(kInvalid) naming "kv_bytes" if the addresses cannot be reserved.
  BlockPool(std::size_t block_bytes, std::size_t blocks);

  std::size_t block_bytes() const { return block_bytes_; }
  std::byte* at(int block) const { return pages_.data() + block_bytes_ * block; }
  int blocks() const { return static_cast<int>(references_.size()); }
  int blocks_free() const { return static_cast<int>(warm_.size() + cold_.size()); }
  std::uint64_t bytes_held() const { return bytes_of(blocks() - blocks_free()); }
  std::uint64_t bytes_touched() const {
    return bytes_of(blocks() - static_cast<int>(cold_.size()));
  }
  // Free ones that have memory already: they are taken first.
  int blocks_warm() const { return static_cast<int>(warm_.size()); }

  // One reference to a free block; there must be one.
  int take();
  void share(int block);
  void release(int block);
  int references(int block) const { return references_[static_cast<std::size_t>(block)]; }

  // The memory of a free block goes back to the system; there must be one that has any.
  void give_back();

 private:
  std::uint64_t bytes_of(int blocks) const {
    return std::uint64_t{block_bytes_} * static_cast<unsigned>(blocks);
  }

  std::size_t block_bytes_;
  platform::Pages pages_;
  std::vector<int> references_;
  std::vector<int> warm_, cold_;  // free ones, with memory and without; the last is the next
};

}  // namespace sanctum::nn
