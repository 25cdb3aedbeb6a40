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

namespace sanctum::nn {

namespace mx = mlx::core;

class KvCache {
 public:
  static constexpr int kBlockTokens = 256;

  // keys, values [heads, n, head_size]; returns all of both so far, [1, heads, length, head_size].
  std::pair<mx::array, mx::array> append(const mx::array& keys, const mx::array& values);
  int length() const { return length_; }
  std::uint64_t bytes() const;

 private:
  void reserve(int tokens, const mx::array& keys, const mx::array& values);

  std::optional<mx::array> keys_;  // [1, heads, capacity, head_size]
  std::optional<mx::array> values_;
  int length_ = 0;
  int capacity_ = 0;
};

// One sequence's caches, one per layer.
struct SequenceCache {
  explicit SequenceCache(int layers) : layers(static_cast<std::size_t>(layers)) {}
  std::vector<KvCache> layers;
  int length() const { return layers.empty() ? 0 : layers.front().length(); }
  std::uint64_t bytes() const;
};

}  // namespace sanctum::nn
