// What a model remembers of a sequence, and the memory it lies in: one kind for each backend.
//
// Thread rule: device thread only.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/number_type.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// Of a model's keys and values.
struct KvShape {
  int layers = 0, kv_heads = 0, head_size = 0;
  kernels::NumberType type = kernels::kFloat32;  // as the weights are stored
};

// The keys and values of one whole block of a sequence's tokens, kept for other sequences.
class KvBlock {
 public:
  virtual ~KvBlock() = default;
  virtual std::uint64_t bytes() const = 0;
};

class SequenceCache {
 public:
  virtual ~SequenceCache() = default;
  // Makes room for `tokens` in all; false, and no change, when there is none now.
  virtual bool reserve(int tokens) = 0;
  virtual std::uint64_t bytes() const = 0;

  // Block `at`, which must be full, or become so with the step whose graph was built last; it stays
  // as it is from then on. Null, and no change, when there is no room for a copy. See
  // KvMemory::take_unevaluated.
  virtual std::shared_ptr<KvBlock> share(int at) = 0;
  // Begins, or goes on, with a block of the same memory instead of computing it. The length must be
  // a multiple of the block's. False, and no change, when there is no room for a copy.
  virtual bool adopt(const std::shared_ptr<KvBlock>& block) = 0;

  int length() const { return length_; }  // tokens
  // A step has appended `tokens` in every layer.
  void advance(int tokens) { length_ += tokens; }

 private:
  int length_ = 0;
};

// A model that cannot remember as many tokens is of no use.
inline constexpr int kKvTokensMin = 256;
// How many tokens of `token_bytes` each `bytes` have room for. Throws Error(kInvalid) naming
// "kv_bytes" and what is needed if these are fewer than kKvTokensMin.
std::int64_t kv_tokens_within(std::uint64_t bytes, std::uint64_t token_bytes);

// Outlives its sequences and their blocks.
class KvMemory {
 public:
  virtual ~KvMemory() = default;
  virtual int block_tokens() const = 0;
  // A sequence takes memory for a multiple of as many tokens.
  virtual int grain_tokens() const = 0;
  // Whether a shared block is a copy, which takes memory of its own and which nobody needs who has
  // it already; otherwise it is a second reference, and letting go of it alone gains nothing.
  virtual bool shares_copies() const = 0;
  // Of all sequences together, in whole blocks.
  virtual std::int64_t tokens_max() const = 0;
  virtual std::unique_ptr<SequenceCache> sequence() = 0;
  // What was shared since the last call and is not evaluated: to be evaluated together with the
  // step that was built last, before the next one is.
  virtual std::vector<mx::array> take_unevaluated() { return {}; }
  // What the system has given for it, beside MLX's own memory, which counts itself.
  virtual std::uint64_t bytes_touched() const = 0;
};

}  // namespace sanctum::nn
