#include "nn/stock/contiguous_cache.h"

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

// A block of every layer, copied. Takes over the room that was taken for it.
class CopiedBlock final : public KvBlock {
 public:
  CopiedBlock(std::vector<std::pair<mx::array, mx::array>> layers, ContiguousMemory& memory)
      : layers_(std::move(layers)), memory_(memory) {}
  ~CopiedBlock() override { memory_.give_back(bytes()); }
  CopiedBlock(const CopiedBlock&) = delete;
  CopiedBlock& operator=(const CopiedBlock&) = delete;

  std::uint64_t bytes() const override { return block_bytes(memory_); }
  static std::uint64_t block_bytes(const ContiguousMemory& memory) {
    return memory.token_bytes() * ContiguousMemory::kBlockTokens;
  }
  const std::vector<std::pair<mx::array, mx::array>>& layers() const { return layers_; }

 private:
  std::vector<std::pair<mx::array, mx::array>> layers_;
  ContiguousMemory& memory_;
};

}  // namespace

void ContiguousCache::Layer::reserve(int tokens, const mx::array& keys, const mx::array& values) {
  if (tokens <= capacity_) return;
  constexpr int kGrain = ContiguousMemory::kGrainTokens;
  const int capacity = (tokens + kGrain - 1) / kGrain * kGrain;
  keys_ = grown(keys_, capacity, keys);
  values_ = grown(values_, capacity, values);
  capacity_ = capacity;
}

std::pair<mx::array, mx::array> ContiguousCache::Layer::append(const mx::array& keys,
                                                               const mx::array& values) {
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

std::pair<mx::array, mx::array> ContiguousCache::Layer::copy(int first, int last) const {
  const auto part = [&](const mx::array& all) {
    return mx::contiguous(mx::slice(all, {0, 0, first, 0}, {1, all.shape(1), last, all.shape(3)}));
  };
  return {part(*keys_), part(*values_)};
}

std::shared_ptr<KvBlock> ContiguousCache::share(int at) {
  if (!memory_.take(CopiedBlock::block_bytes(memory_))) return nullptr;
  const int first = at * ContiguousMemory::kBlockTokens;
  std::vector<std::pair<mx::array, mx::array>> layers;
  for (const Layer& layer : layers_) {
    layers.push_back(layer.copy(first, first + ContiguousMemory::kBlockTokens));
    memory_.evaluate_later(layers.back().first);
    memory_.evaluate_later(layers.back().second);
  }
  return std::make_shared<CopiedBlock>(std::move(layers), memory_);
}

bool ContiguousCache::adopt(const std::shared_ptr<KvBlock>& block) {
  if (!reserve(length() + ContiguousMemory::kBlockTokens)) return false;
  const auto& layers = static_cast<const CopiedBlock&>(*block).layers();
  for (std::size_t i = 0; i < layers_.size(); ++i)
    layers_[i].append(mx::squeeze(layers[i].first, 0), mx::squeeze(layers[i].second, 0));
  advance(ContiguousMemory::kBlockTokens);
  return true;
}

bool ContiguousCache::reserve(int tokens) {
  constexpr std::uint64_t kGrain = ContiguousMemory::kGrainTokens;
  const std::uint64_t rounded = (static_cast<std::uint64_t>(tokens) + kGrain - 1) / kGrain * kGrain;
  const std::uint64_t wanted = rounded * memory_.token_bytes();
  if (wanted <= bytes_) return true;
  if (!memory_.take(wanted - bytes_)) return false;
  bytes_ = wanted;
  return true;
}

ContiguousMemory::ContiguousMemory(const KvShape& shape, mx::Dtype type, std::uint64_t bytes)
    : layers_(shape.layers),
      token_bytes_(std::uint64_t{2} * shape.layers * shape.kv_heads * shape.head_size *
                   type.size()),
      bytes_max_(bytes),
      tokens_max_(kv_tokens_within(bytes, token_bytes_)) {}

std::unique_ptr<SequenceCache> ContiguousMemory::sequence() {
  return std::make_unique<ContiguousCache>(layers_, *this);
}

}  // namespace sanctum::nn
