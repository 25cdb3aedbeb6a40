#include "nn/cpu/paged_cache.h"

#include <algorithm>
#include <cstring>

#include "base/invariant.h"

namespace sanctum::nn {
namespace {

constexpr int kBlockTokens = PagedMemory::kBlockTokens;
using Kind = PagedMemory::Kind;

// Blocks [first, last) of a sequence, and what stands at their end.
class PagedRun final : public KvRun {
 public:
  PagedRun(PagedMemory& memory, int first_block) : first(first_block), memory_(memory) {}
  ~PagedRun() override {
    for (int kind = 0; kind < PagedMemory::kKinds; ++kind)
      for (const int block : blocks_[kind]) memory_.pool(static_cast<Kind>(kind)).release(block);
  }
  PagedRun(const PagedRun&) = delete;
  PagedRun& operator=(const PagedRun&) = delete;

  void hold(Kind kind, int block) {
    memory_.pool(kind).share(block);
    blocks_[kind].push_back(block);
  }
  const std::vector<int>& of(Kind kind) const { return blocks_[kind]; }
  std::uint64_t bytes() const override {
    PagedMemory::Counts counts;
    for (int kind = 0; kind < PagedMemory::kKinds; ++kind)
      counts.of[kind] = static_cast<int>(blocks_[kind].size());
    return memory_.bytes_of(counts);
  }
  const int first;
  int blocks = 0;        // of tokens
  int window_first = 0;  // the first block of the window that is held

 private:
  PagedMemory& memory_;
  std::vector<int> blocks_[PagedMemory::kKinds];
};

}  // namespace

PagedCache::~PagedCache() {
  for (const int block : all_) memory_.pool(Kind::kAll).release(block);
  replace_window({}, 0);
  if (state_ != kNone) memory_.pool(Kind::kState).release(state_);
}

const std::vector<int>& PagedCache::blocks(int layer) const {
  return memory_.kind_of(layer) == Kind::kWindow ? window_ : all_;
}

bool PagedCache::reserve(int tokens) {
  const int wanted = (tokens + kBlockTokens - 1) / kBlockTokens;
  PagedMemory::Counts missing;
  if (memory_.has(Kind::kAll))
    missing.of[Kind::kAll] = std::max(0, wanted - static_cast<int>(all_.size()));
  if (memory_.has(Kind::kWindow)) {
    forget_behind_window();
    missing.of[Kind::kWindow] = std::max(0, wanted - static_cast<int>(window_.size()));
  }
  const bool shared = state_ != kNone && memory_.pool(Kind::kState).references(state_) > 1;
  if (memory_.has(Kind::kState)) missing.of[Kind::kState] = state_ == kNone || shared ? 1 : 0;
  std::vector<int> taken[PagedMemory::kKinds];
  if (!memory_.take(missing, taken)) return false;
  all_.insert(all_.end(), taken[Kind::kAll].begin(), taken[Kind::kAll].end());
  window_.insert(window_.end(), taken[Kind::kWindow].begin(), taken[Kind::kWindow].end());
  if (missing.of[Kind::kState] > 0) own_state(taken[Kind::kState].front());
  return true;
}

void PagedCache::own_state(int block) {
  BlockPool& pool = memory_.pool(Kind::kState);
  if (state_ == kNone) {
    std::memset(pool.at(block), 0, pool.block_bytes());
  } else {
    std::memcpy(pool.at(block), pool.at(state_), pool.block_bytes());
    pool.release(state_);
  }
  state_ = block;
}

void PagedCache::forget_behind_window() {
  const int first =
      std::min(memory_.first_seen(length()) / kBlockTokens, static_cast<int>(window_.size()));
  for (; window_first_ < first; ++window_first_) {
    int& block = window_[static_cast<std::size_t>(window_first_)];
    memory_.pool(Kind::kWindow).release(block);
    block = kGone;
  }
}

void PagedCache::replace_window(const std::vector<int>& blocks, int first) {
  for (std::size_t i = static_cast<std::size_t>(window_first_); i < window_.size(); ++i)
    memory_.pool(Kind::kWindow).release(window_[i]);
  window_.assign(static_cast<std::size_t>(first), kGone);
  window_.insert(window_.end(), blocks.begin(), blocks.end());
  window_first_ = first;
}

std::shared_ptr<KvRun> PagedCache::share(int first, int last) {
  const int end = last * kBlockTokens;
  SANCTUM_INVARIANT(memory_.keeps_ends() ? end == length() : end <= length(),
                    "full blocks, an end");
  auto run = std::make_shared<PagedRun>(memory_, first);
  run->blocks = last - first;
  if (memory_.has(Kind::kAll))
    for (int at = first; at < last; ++at) run->hold(Kind::kAll, all_[static_cast<std::size_t>(at)]);
  if (memory_.has(Kind::kWindow)) {
    run->window_first = memory_.first_seen(last * kBlockTokens) / kBlockTokens;
    SANCTUM_INVARIANT(run->window_first >= window_first_, "the window of a run's end");
    for (int at = run->window_first; at < last; ++at)
      run->hold(Kind::kWindow, window_[static_cast<std::size_t>(at)]);
  }
  if (memory_.has(Kind::kState)) {
    run->hold(Kind::kState, state_);
  }
  return run;
}

bool PagedCache::adopt(const std::shared_ptr<KvRun>& shared) {
  const auto& run = static_cast<const PagedRun&>(*shared);
  SANCTUM_INVARIANT(length() == run.first * kBlockTokens, "a run that begins here");
  SANCTUM_INVARIANT(!memory_.has(Kind::kAll) || static_cast<int>(all_.size()) == run.first,
                    "no blocks before their tokens");
  for (const int block : run.of(Kind::kAll)) {
    memory_.pool(Kind::kAll).share(block);
    all_.push_back(block);
  }
  if (memory_.has(Kind::kWindow)) {
    for (const int block : run.of(Kind::kWindow)) memory_.pool(Kind::kWindow).share(block);
    replace_window(run.of(Kind::kWindow), run.window_first);
  }
  if (memory_.has(Kind::kState)) {
    BlockPool& pool = memory_.pool(Kind::kState);
    const int block = run.of(Kind::kState).front();
    pool.share(block);
    if (state_ != kNone) pool.release(state_);
    state_ = block;
  }
  advance(run.blocks * kBlockTokens);
  return true;
}

std::uint64_t PagedCache::bytes() const {
  return memory_.bytes_of(
      {{static_cast<int>(all_.size()), static_cast<int>(window_.size()) - window_first_,
        state_ == kNone ? 0 : 1}});
}

}  // namespace sanctum::nn
