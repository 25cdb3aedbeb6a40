#include "nn/kv_cache.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

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
  CopiedBlock(std::vector<std::pair<mx::array, mx::array>> layers, std::shared_ptr<KvBudget> budget)
      : layers_(std::move(layers)), budget_(std::move(budget)) {}
  ~CopiedBlock() override { budget_->bytes -= bytes(); }
  CopiedBlock(const CopiedBlock&) = delete;
  CopiedBlock& operator=(const CopiedBlock&) = delete;

  std::uint64_t bytes() const override {
    return budget_->token_bytes * ContiguousCache::kShareTokens;
  }
  const std::vector<std::pair<mx::array, mx::array>>& layers() const { return layers_; }

 private:
  std::vector<std::pair<mx::array, mx::array>> layers_;
  std::shared_ptr<KvBudget> budget_;
};

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

std::pair<mx::array, mx::array> KvCache::copy(int first, int last) const {
  const auto part = [&](const mx::array& all) {
    return mx::contiguous(mx::slice(all, {0, 0, first, 0}, {1, all.shape(1), last, all.shape(3)}));
  };
  return {part(*keys_), part(*values_)};
}

std::shared_ptr<KvBlock> ContiguousCache::share(int at) {
  if (!budget_->take(budget_->token_bytes * kShareTokens)) return nullptr;
  const int first = at * kShareTokens;
  std::vector<std::pair<mx::array, mx::array>> layers;
  std::vector<mx::array> arrays;
  for (const KvCache& layer : layers_) {
    layers.push_back(layer.copy(first, first + kShareTokens));
    arrays.push_back(layers.back().first);
    arrays.push_back(layers.back().second);
  }
  mx::eval(arrays);  // or they would hold on to the whole
  return std::make_shared<CopiedBlock>(std::move(layers), budget_);
}

bool ContiguousCache::adopt(const std::shared_ptr<KvBlock>& block) {
  if (!reserve(length() + kShareTokens)) return false;
  const auto& layers = static_cast<const CopiedBlock&>(*block).layers();
  for (std::size_t i = 0; i < layers_.size(); ++i)
    layers_[i].append(mx::squeeze(layers[i].first, 0), mx::squeeze(layers[i].second, 0));
  advance(kShareTokens);
  return true;
}

bool ContiguousCache::reserve(int tokens) {
  constexpr std::uint64_t kBlock = KvCache::kBlockTokens;
  const std::uint64_t rounded = (static_cast<std::uint64_t>(tokens) + kBlock - 1) / kBlock * kBlock;
  const std::uint64_t wanted = rounded * budget_->token_bytes;
  if (wanted <= bytes_) return true;
  if (!budget_->take(wanted - bytes_)) return false;
  bytes_ = wanted;
  return true;
}

ContiguousMemory::ContiguousMemory(const KvShape& shape, mx::Dtype type, std::uint64_t bytes)
    : layers_(shape.layers),
      budget_(std::make_shared<KvBudget>(
          std::uint64_t{2} * shape.layers * shape.kv_heads * shape.head_size * type.size(), bytes)),
      tokens_max_(kv_tokens_within(bytes, budget_->token_bytes)) {}

}  // namespace sanctum::nn
