// Keys and values of one sequence in one layer, contiguous, growing in fixed blocks.
//
// Invariant: `length` tokens are valid; the arrays have room for a multiple of kBlockTokens. An
// append writes in place when nobody else holds the array (MLX donates it), so no handle to it may
// outlive a step. Thread rule: device thread only.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "nn/sequence_cache.h"

namespace sanctum::nn {

namespace mx = mlx::core;

class KvCache {
 public:
  static constexpr int kBlockTokens = 256;

  // keys, values [heads, n, head_size]; returns all of both so far, [1, heads, length, head_size].
  std::pair<mx::array, mx::array> append(const mx::array& keys, const mx::array& values);
  // Copies of tokens [first, last), [1, heads, last - first, head_size].
  std::pair<mx::array, mx::array> copy(int first, int last) const;
  int length() const { return length_; }
  std::uint64_t bytes() const;

 private:
  void reserve(int tokens, const mx::array& keys, const mx::array& values);

  std::optional<mx::array> keys_;  // [1, heads, capacity, head_size]
  std::optional<mx::array> values_;
  int length_ = 0;
  int capacity_ = 0;
};

// One sequence's caches, one per layer. Room comes as it is needed.
class ContiguousCache final : public SequenceCache {
 public:
  static constexpr int kShareTokens = 64;

  explicit ContiguousCache(int layers) : layers_(static_cast<std::size_t>(layers)) {}
  bool reserve(int) override { return true; }
  std::uint64_t bytes() const override;
  std::shared_ptr<KvBlock> share(int at) override;
  void adopt(const std::shared_ptr<KvBlock>& block) override;
  KvCache& layer(int at) { return layers_[static_cast<std::size_t>(at)]; }

 private:
  std::vector<KvCache> layers_;
};

class ContiguousMemory final : public KvMemory {
 public:
  explicit ContiguousMemory(int layers) : layers_(layers) {}
  int block_tokens() const override { return ContiguousCache::kShareTokens; }
  std::unique_ptr<SequenceCache> sequence() override {
    return std::make_unique<ContiguousCache>(layers_);
  }

 private:
  int layers_;
};

}  // namespace sanctum::nn
