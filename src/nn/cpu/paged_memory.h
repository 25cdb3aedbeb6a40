// The memory of a model's sequences on the CPU path: pools of blocks under one number of bytes.
//
// Three kinds of blocks, each in a pool of its own. For layers that see all tokens and for those
// with a window: 64 tokens' keys and values of every such layer and head, as kernels/attention.h
// wants them: for each layer, for each head, keys, then values, the head padded with zeros to a
// multiple of 32 and kept as a KvType says. For recurrent layers: the two states of each, as
// kernels/gated_delta.h wants them, the matrices first.
//
// Invariant: what the pools' blocks hold, and those that the system gave memory for, is at most
// bytes_max(). (A block's first and last page are given back only with its neighbours'.)
// Thread rule: device thread only, but for the bytes themselves, which the stream's thread fills.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kernels/kv_type.h"
#include "nn/cpu/block_pool.h"
#include "nn/kv_memory.h"

namespace sanctum::nn {

// As the attention kernels want heads.
constexpr int padded_head_size(int head_size) {
  return (head_size + 31) / 32 * 32;
}

class PagedMemory final : public KvMemory {
 public:
  static constexpr int kBlockTokens = kernels::kKeysPerBlock;
  enum Kind { kAll, kWindow, kState };
  static constexpr int kKinds = 3;
  // How many blocks of each kind.
  struct Counts {
    int of[kKinds] = {};
  };

  // Throws Error(kInvalid) naming "kv_bytes" if that is too little or cannot be reserved.
  PagedMemory(const KvShape& shape, kernels::KvType type, std::uint64_t bytes,
              int step_tokens = kStepTokensUsual);

  int block_tokens() const override { return kBlockTokens; }
  bool keeps_ends() const override { return has(kWindow) || has(kState); }
  int spacing_tokens() const override;
  bool shares_copies() const override { return keeps_ends(); }
  std::uint64_t bytes_for(std::int64_t tokens) const override;
  KvOutline outline() const override;
  std::uint64_t bytes_max() const override { return bytes_max_; }
  std::unique_ptr<SequenceCache> sequence() override;
  std::uint64_t bytes_touched() const override;

  bool has(Kind kind) const { return block_bytes_[kind] > 0; }
  std::uint64_t bytes_of(const Counts& counts) const;
  // The first token that a row at `place` of a layer with a window still sees.
  int first_seen(int place) const { return place < window_ ? 0 : place - window_ + 1; }

  // Blocks, one reference each; nothing, and none taken, when there is no room.
  bool take(const Counts& counts, std::vector<int> (&blocks)[kKinds]);
  BlockPool& pool(Kind kind) { return *pools_[kind]; }

  kernels::KvType type() const { return type_; }
  const LayerMemory& layer(int at) const { return shape_.layers[static_cast<std::size_t>(at)]; }
  Kind kind_of(int layer) const { return places_[static_cast<std::size_t>(layer)].kind; }
  // Of a layer with keys and values.
  int padded_size(int layer) const;
  std::byte* keys(int block, int layer, int head) const;
  std::byte* values(int block, int layer, int head) const {
    return keys(block, layer, head) + head_bytes(layer);
  }
  // Of a recurrent layer.
  float* state(int block, int layer) const;
  float* conv(int block, int layer) const {
    return state(block, layer) + std::get<RecurrentState>(this->layer(layer)).state_numbers();
  }

 private:
  struct Place {
    Kind kind;
    std::size_t offset;  // in a block
  };
  // Of a sequence, that layers with a window remember at most; a block that is begun is whole.
  std::int64_t tokens_seen_max() const { return window_ + step_tokens() + kBlockTokens; }
  // Of keys, and of values, of one head in one block.
  std::size_t head_bytes(int layer) const;
  // Gives `counts` memory that free blocks of other kinds have, where that is needed.
  void give_back_for(const Counts& counts);

  KvShape shape_;
  kernels::KvType type_;
  std::uint64_t bytes_max_;
  int window_ = 0;  // the widest of its layers; 0: no layer has one
  std::vector<Place> places_;
  std::size_t block_bytes_[kKinds] = {};
  std::optional<BlockPool> pools_[kKinds];
};

}  // namespace sanctum::nn
