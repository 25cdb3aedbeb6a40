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

 private:
  void reserve(int tokens, const mx::array& keys, const mx::array& values);

  std::optional<mx::array> keys_;  // [1, heads, capacity, head_size]
  std::optional<mx::array> values_;
  int length_ = 0;
  int capacity_ = 0;
};

// What the sequences of one model, and the blocks that they share, may take and have taken. Nothing
// is taken unasked: bytes <= bytes_max.
struct KvBudget {
  std::uint64_t token_bytes = 0, bytes_max = 0, bytes = 0;

  // False, and no change, when there is no room.
  bool take(std::uint64_t wanted) {
    if (wanted > bytes_max - bytes) return false;
    bytes += wanted;
    return true;
  }
};

// One sequence's caches, one per layer. The arrays come as they are needed, within the budget.
class ContiguousCache final : public SequenceCache {
 public:
  static constexpr int kShareTokens = 64;

  ContiguousCache(int layers, std::shared_ptr<KvBudget> budget)
      : layers_(static_cast<std::size_t>(layers)), budget_(std::move(budget)) {}
  ~ContiguousCache() override { budget_->bytes -= bytes_; }
  ContiguousCache(const ContiguousCache&) = delete;
  ContiguousCache& operator=(const ContiguousCache&) = delete;

  bool reserve(int tokens) override;
  std::uint64_t bytes() const override { return bytes_; }
  std::shared_ptr<KvBlock> share(int at) override;
  bool adopt(const std::shared_ptr<KvBlock>& block) override;
  KvCache& layer(int at) { return layers_[static_cast<std::size_t>(at)]; }

 private:
  std::vector<KvCache> layers_;
  std::shared_ptr<KvBudget> budget_;
  std::uint64_t bytes_ = 0;  // of the budget
};

class ContiguousMemory final : public KvMemory {
 public:
  // Throws as kv_tokens_within does.
  ContiguousMemory(const KvShape& shape, mx::Dtype type, std::uint64_t bytes);
  int block_tokens() const override { return ContiguousCache::kShareTokens; }
  int grain_tokens() const override { return KvCache::kBlockTokens; }
  bool shares_copies() const override { return true; }
  std::int64_t tokens_max() const override {
    return tokens_max_ / KvCache::kBlockTokens * KvCache::kBlockTokens;
  }
  std::unique_ptr<SequenceCache> sequence() override {
    return std::make_unique<ContiguousCache>(layers_, budget_);
  }
  std::uint64_t bytes_touched() const override { return 0; }

 private:
  int layers_;
  std::shared_ptr<KvBudget> budget_;
  std::int64_t tokens_max_;
};

}  // namespace sanctum::nn
