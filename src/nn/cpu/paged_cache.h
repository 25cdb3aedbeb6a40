// What a sequence's layers remember, in blocks of a PagedMemory.
//
// Blocks of windows that no later row sees go back before each step. A state that somebody shares
// is copied before the step that would change it.
#pragma once

#include <memory>
#include <vector>

#include "nn/cpu/paged_memory.h"
#include "nn/kv_memory.h"

namespace sanctum::nn {

class PagedCache final : public SequenceCache {
 public:
  explicit PagedCache(PagedMemory& memory) : memory_(memory) {}
  ~PagedCache() override;
  PagedCache(const PagedCache&) = delete;
  PagedCache& operator=(const PagedCache&) = delete;

  bool reserve(int tokens) override;
  std::uint64_t bytes() const override;
  std::shared_ptr<KvRun> share(int first, int last) override;
  bool adopt(const std::shared_ptr<KvRun>& run) override;

  // One for each 64 tokens, in order; kGone where the layer's window has gone by.
  static constexpr int kGone = -1;
  const std::vector<int>& blocks(int layer) const;
  int state_block() const { return state_; }
  const PagedMemory& memory() const { return memory_; }

 private:
  static constexpr int kNone = -1;
  void forget_behind_window();
  void replace_window(const std::vector<int>& blocks, int first);
  // The state of this sequence alone, from now on.
  void own_state(int block);

  PagedMemory& memory_;
  std::vector<int> all_, window_;
  int window_first_ = 0;  // the first of window_ that is not kGone
  int state_ = kNone;
};

}  // namespace sanctum::nn
