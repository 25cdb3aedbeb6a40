#include "nn/stock/contiguous_cache.h"

#include <mlx/ops.h>

#include <algorithm>

#include "base/invariant.h"

namespace sanctum::nn {
namespace {

constexpr int kBlockTokens = ContiguousMemory::kBlockTokens;

std::int64_t in_grains(std::int64_t tokens) {
  constexpr std::int64_t kGrain = ContiguousMemory::kGrainTokens;
  return (tokens + kGrain - 1) / kGrain * kGrain;
}

kernels::KvType kv_type(mx::Dtype type) {
  return type == mx::bfloat16  ? kernels::kKvBfloat16
         : type == mx::float16 ? kernels::kKvFloat16
                               : kernels::kKvFloat32;
}

// Tokens [first, last) of [1, heads, n, head_size].
mx::array tokens_of(const mx::array& all, int first, int last) {
  return mx::slice(all, {0, 0, first, 0}, {1, all.shape(1), last, all.shape(3)});
}

// [1, heads, capacity, head_size] of which the first tokens are `old`, if there are any.
mx::array grown(const std::optional<mx::array>& old, int capacity, const mx::array& like) {
  const int used = old ? old->shape(2) : 0;
  const mx::array room =
      mx::zeros({1, like.shape(0), capacity - used, like.shape(2)}, like.dtype());
  return old ? mx::concatenate({*old, room}, 2) : room;
}

// What each layer left, copied. Takes over the room that was taken for it.
class CopiedRun final : public KvRun {
 public:
  using Kept = std::variant<ContiguousCache::Arrays, ContiguousCache::State>;
  CopiedRun(std::vector<Kept> kept, int first, int blocks, std::uint64_t bytes,
            ContiguousMemory& memory)
      : layers(std::move(kept)),
        first_block(first),
        block_count(blocks),
        bytes_(bytes),
        memory_(memory) {}
  ~CopiedRun() override { memory_.give_back(bytes_); }
  CopiedRun(const CopiedRun&) = delete;
  CopiedRun& operator=(const CopiedRun&) = delete;

  std::uint64_t bytes() const override { return bytes_; }
  const std::vector<Kept> layers;
  const int first_block, block_count;

 private:
  std::uint64_t bytes_;
  ContiguousMemory& memory_;
};

}  // namespace

void ContiguousCache::Layer::reserve(int tokens, const mx::array& keys, const mx::array& values) {
  if (tokens <= capacity_) return;
  const auto capacity = static_cast<int>(in_grains(tokens));
  keys_ = grown(keys_, capacity, keys);
  values_ = grown(values_, capacity, values);
  capacity_ = capacity;
}

// So that `tokens` more find room: rarely, and then everything that no later row sees.
void ContiguousCache::Layer::forget_behind_window(int tokens) {
  const int kept = std::min(length_, window_ - 1);
  if (window_ == 0 || length_ == kept || length_ + tokens <= capacity_) return;
  const auto last = [&](const mx::array& all) {
    return mx::contiguous(tokens_of(all, length_ - kept, length_));
  };
  keys_ = last(*keys_);
  values_ = last(*values_);
  first_ += length_ - kept;
  length_ = capacity_ = kept;
}

ContiguousCache::Arrays ContiguousCache::Layer::append(const mx::array& keys,
                                                       const mx::array& values) {
  const int n = keys.shape(1);
  forget_behind_window(n);
  reserve(length_ + n, keys, values);
  const auto write = [&](std::optional<mx::array>& all, const mx::array& part) {
    const mx::Shape start{0, 0, length_, 0};
    const mx::Shape stop{1, part.shape(0), length_ + n, part.shape(2)};
    all = mx::slice_update(*all, mx::expand_dims(part, 0), start, stop);
  };
  write(keys_, keys);
  write(values_, values);
  length_ += n;
  seen_ = window_ > 0 ? std::min(length_, window_ - 1 + n) : length_;
  return last();
}

ContiguousCache::Arrays ContiguousCache::Layer::last() const {
  return {tokens_of(*keys_, length_ - seen_, length_),
          tokens_of(*values_, length_ - seen_, length_)};
}

ContiguousCache::Arrays ContiguousCache::Layer::copy(int first, int end) const {
  const int begin = window_ > 0 ? std::max(0, end - (window_ - 1)) : first;
  SANCTUM_INVARIANT(begin >= first_ && end <= first_ + length_, "tokens that are here");
  const auto part = [&](const mx::array& all) {
    return mx::contiguous(tokens_of(all, begin - first_, end - first_));
  };
  return {part(*keys_), part(*values_)};
}

void ContiguousCache::Layer::replace(const Arrays& copied, int end) {
  keys_ = copied.first;
  values_ = copied.second;
  length_ = capacity_ = keys_->shape(2);
  first_ = end - length_;
}

ContiguousCache::ContiguousCache(ContiguousMemory& memory) : memory_(memory) {
  for (const LayerMemory& of : memory.shape().layers) {
    if (const auto* keys = std::get_if<KeysAndValues>(&of)) {
      layers_.emplace_back(Layer(keys->window));
    } else {
      layers_.emplace_back(no_delta_state(std::get<RecurrentState>(of)));
    }
  }
}

std::shared_ptr<KvRun> ContiguousCache::share(int first, int last) {
  const int end = last * kBlockTokens;
  SANCTUM_INVARIANT(!memory_.keeps_ends() || end == length(), "what stands at a run's end");
  const std::uint64_t bytes = memory_.run_bytes(end - first * kBlockTokens, end);
  if (!memory_.take(bytes)) return nullptr;
  std::vector<CopiedRun::Kept> kept;
  for (const auto& layer : layers_) {
    if (const auto* keys = std::get_if<Layer>(&layer)) {
      const Arrays copied = keys->copy(first * kBlockTokens, end);
      memory_.evaluate_later(copied.first);
      memory_.evaluate_later(copied.second);
      kept.emplace_back(copied);
    } else {
      const auto& state = std::get<State>(layer);
      memory_.evaluate_later(state.conv);
      memory_.evaluate_later(state.state);
      kept.emplace_back(state);
    }
  }
  return std::make_shared<CopiedRun>(std::move(kept), first, last - first, bytes, memory_);
}

bool ContiguousCache::adopt(const std::shared_ptr<KvRun>& shared) {
  const auto& run = static_cast<const CopiedRun&>(*shared);
  SANCTUM_INVARIANT(length() == run.first_block * kBlockTokens, "a run that begins here");
  const int end = length() + run.block_count * kBlockTokens;
  if (!reserve(end, std::min(end, memory_.window()))) return false;  // no step's
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (auto* state = std::get_if<State>(&layers_[i])) {
      *state = std::get<State>(run.layers[i]);
      continue;
    }
    auto& layer = std::get<Layer>(layers_[i]);
    const auto& arrays = std::get<Arrays>(run.layers[i]);
    if (layer.has_window()) {
      layer.replace(arrays, end);
    } else {
      layer.append(mx::squeeze(arrays.first, 0), mx::squeeze(arrays.second, 0));
    }
  }
  advance(end - length());
  return true;
}

bool ContiguousCache::reserve(int tokens) {
  return reserve(tokens, std::min(tokens, memory_.window() - 1 + tokens - length()));
}

bool ContiguousCache::reserve(int tokens, int seen) {
  const std::uint64_t wanted = memory_.bytes_for(tokens, seen);
  if (wanted <= bytes_) return true;
  if (!memory_.take(wanted - bytes_)) return false;
  bytes_ = wanted;
  return true;
}

ContiguousMemory::ContiguousMemory(const KvShape& shape, mx::Dtype type, std::uint64_t bytes,
                                   int step_tokens)
    : KvMemory(step_tokens), shape_(shape), type_(kv_type(type)), bytes_max_(bytes) {
  for (const LayerMemory& layer : shape.layers) {
    if (const auto* keys = std::get_if<KeysAndValues>(&layer)) {
      window_ = std::max(window_, keys->window);
      (keys->window > 0 ? window_bytes_ : token_bytes_) += keys->numbers() * type.size();
    } else {
      state_bytes_ += kernels::delta_bytes(std::get<RecurrentState>(layer));
    }
  }
  expect_room();
}

void ContiguousMemory::give_back(std::uint64_t bytes) {
  SANCTUM_INVARIANT(bytes <= taken_, "what was taken");
  taken_ -= bytes;
}

std::uint64_t ContiguousMemory::bytes_for(std::int64_t tokens, std::int64_t seen) const {
  const auto grains = [](std::int64_t of) { return static_cast<std::uint64_t>(in_grains(of)); };
  return token_bytes_ * grains(tokens) + window_bytes_ * grains(seen) + state_bytes_;
}

std::uint64_t ContiguousMemory::bytes_for(std::int64_t tokens) const {
  return bytes_for(tokens, std::min(tokens, tokens_seen_max()));
}

KvOutline ContiguousMemory::outline() const {
  KvKinds kinds(shape_);
  kinds.all.token_bytes = token_bytes_;
  kinds.window.token_bytes = window_bytes_;
  kinds.window.tokens_max = tokens_seen_max();
  kinds.state.sequence_bytes = state_bytes_;
  return {kinds.there(), kGrainTokens, type_};
}

std::uint64_t ContiguousMemory::run_bytes(std::int64_t tokens, std::int64_t end) const {
  const auto kept = static_cast<std::uint64_t>(std::min<std::int64_t>(end, window_));
  return token_bytes_ * static_cast<std::uint64_t>(tokens) + window_bytes_ * kept + state_bytes_;
}

int ContiguousMemory::spacing_tokens() const {
  return end_spacing(window_bytes_ * static_cast<unsigned>(window_) + state_bytes_, token_bytes_);
}

std::unique_ptr<SequenceCache> ContiguousMemory::sequence() {
  return std::make_unique<ContiguousCache>(*this);
}

}  // namespace sanctum::nn
