// Keys and values for MLX's own operations: contiguous in each layer, growing in fixed steps.
//
// Thread rule: device thread only.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "nn/kv_memory.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// What the sequences of one model, and the blocks that they share, may take and have taken. Nothing
// is taken unasked: taken() <= the bytes that it was made with.
class ContiguousMemory final : public KvMemory {
 public:
  static constexpr int kBlockTokens = 64;   // that are shared at once
  static constexpr int kGrainTokens = 256;  // by which arrays grow

  // Throws as kv_tokens_within does.
  ContiguousMemory(const KvShape& shape, mx::Dtype type, std::uint64_t bytes);
  int block_tokens() const override { return kBlockTokens; }
  int grain_tokens() const override { return kGrainTokens; }
  bool shares_copies() const override { return true; }
  std::int64_t tokens_max() const override { return tokens_max_ / kGrainTokens * kGrainTokens; }
  std::unique_ptr<SequenceCache> sequence() override;
  std::vector<mx::array> take_unevaluated() override { return std::exchange(unevaluated_, {}); }
  std::uint64_t bytes_touched() const override { return 0; }

  std::uint64_t token_bytes() const { return token_bytes_; }
  std::uint64_t taken() const { return taken_; }
  // False, and no change, when there is no room.
  bool take(std::uint64_t bytes) {
    if (bytes > bytes_max_ - taken_) return false;
    taken_ += bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) { taken_ -= bytes; }
  void evaluate_later(const mx::array& copy) { unevaluated_.push_back(copy); }

 private:
  int layers_;
  std::uint64_t token_bytes_, bytes_max_, taken_ = 0;
  std::int64_t tokens_max_;
  std::vector<mx::array> unevaluated_;  // copies, each of which holds on to the whole until it is
};

class ContiguousCache final : public SequenceCache {
 public:
  // One layer's. Invariant: `length` tokens are valid; the arrays have room for a multiple of
  // kGrainTokens. An append writes in place when nobody else holds the array (MLX donates it), so
  // no handle to it may outlive a step.
  class Layer {
   public:
    // keys, values [heads, n, head_size]; returns all of both so far, [1, heads, length,
    // head_size].
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

  ContiguousCache(int layers, ContiguousMemory& memory)
      : layers_(static_cast<std::size_t>(layers)), memory_(memory) {}
  ~ContiguousCache() override { memory_.give_back(bytes_); }
  ContiguousCache(const ContiguousCache&) = delete;
  ContiguousCache& operator=(const ContiguousCache&) = delete;

  bool reserve(int tokens) override;
  std::uint64_t bytes() const override { return bytes_; }
  std::shared_ptr<KvBlock> share(int at) override;
  bool adopt(const std::shared_ptr<KvBlock>& block) override;
  Layer& layer(int at) { return layers_[static_cast<std::size_t>(at)]; }

 private:
  std::vector<Layer> layers_;
  ContiguousMemory& memory_;
  std::uint64_t bytes_ = 0;  // of the memory
};

}  // namespace sanctum::nn
