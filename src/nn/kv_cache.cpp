#include "nn/kv_cache.h"

#include <mlx/ops.h>

namespace sanctum::nn {
namespace {

// [1, heads, capacity, head_size] of which the first `used` tokens of `old` are kept.
mx::array grown(const std::optional<mx::array>& old, int capacity, const mx::array& like) {
  const int heads = like.shape(0);
  const int head_size = like.shape(2);
  const int used = old ? old->shape(2) : 0;
  const mx::array room = mx::zeros({1, heads, capacity - used, head_size}, like.dtype());
  return old ? mx::concatenate({*old, room}, 2) : room;
}

}  // namespace

void KvCache::reserve(int tokens, const mx::array& keys, const mx::array& values) {
  if (tokens <= capacity_) return;
  const int capacity = (tokens + kBlockTokens - 1) / kBlockTokens * kBlockTokens;
  keys_ = grown(keys_, capacity, keys);
  values_ = grown(values_, capacity, values);
  capacity_ = capacity;
}

std::pair<mx::array, mx::array> KvCache::append(const mx::array& keys, const mx::array& values) {
  const int n = keys.shape(1);
  reserve(length_ + n, keys, values);
  const auto write = [&](std::optional<mx::array>& all, const mx::array& part) {
    const mx::Shape start{0, 0, length_, 0};
    const mx::Shape stop{1, part.shape(0), length_ + n, part.shape(2)};
    all = mx::slice_update(*all, mx::expand_dims(part, 0), start, stop);
    return mx::slice(*all, {0, 0, 0, 0}, stop);
  };
  mx::array all_keys = write(keys_, keys);
  mx::array all_values = write(values_, values);
  length_ += n;
  return {std::move(all_keys), std::move(all_values)};
}

std::uint64_t KvCache::bytes() const {
  return (keys_ ? keys_->nbytes() : 0) + (values_ ? values_->nbytes() : 0);
}

std::uint64_t SequenceCache::bytes() const {
  std::uint64_t total = 0;
  for (const KvCache& cache : layers) total += cache.bytes();
  return total;
}

}  // namespace sanctum::nn
