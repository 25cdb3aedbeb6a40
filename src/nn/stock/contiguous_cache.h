// What a sequence's layers remember, for MLX's own operations: arrays in each layer, which grow in
// fixed steps.
//
// Thread rule: device thread only.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "nn/kv_memory.h"
#include "nn/stock/stock_gated_delta.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// What the sequences of one model, and the runs that they share, may take and have taken. Nothing
// is taken unasked: taken() <= bytes_max().
class ContiguousMemory final : public KvMemory {
 public:
  static constexpr int kBlockTokens = 64;   // that are shared at once
  static constexpr int kGrainTokens = 256;  // by which arrays grow

  // `type`: of keys and values. Throws as KvMemory::expect_room does.
  ContiguousMemory(const KvShape& shape, mx::Dtype type, std::uint64_t bytes,
                   int step_tokens = kStepTokensUsual);
  int block_tokens() const override { return kBlockTokens; }
  bool keeps_ends() const override { return window_bytes_ > 0 || state_bytes_ > 0; }
  int spacing_tokens() const override;
  bool shares_copies() const override { return true; }
  std::uint64_t bytes_for(std::int64_t tokens) const override;
  KvOutline outline() const override;
  std::uint64_t bytes_max() const override { return bytes_max_; }
  std::unique_ptr<SequenceCache> sequence() override;
  std::vector<mx::array> take_unevaluated() override { return std::exchange(unevaluated_, {}); }
  std::uint64_t bytes_touched() const override { return 0; }

  const KvShape& shape() const { return shape_; }
  // That arrays for so many tokens take, of which `seen` are kept for windows.
  std::uint64_t bytes_for(std::int64_t tokens, std::int64_t seen) const;
  // That a run of `tokens` takes whose end is the sequence's token `end`.
  std::uint64_t run_bytes(std::int64_t tokens, std::int64_t end) const;
  // The widest of its layers; 0: no layer has one.
  int window() const { return window_; }
  std::uint64_t taken() const { return taken_; }
  // False, and no change, when there is no room.
  bool take(std::uint64_t bytes) {
    if (bytes > bytes_max_ - taken_) return false;
    taken_ += bytes;
    return true;
  }
  void give_back(std::uint64_t bytes);
  void evaluate_later(const mx::array& copy) { unevaluated_.push_back(copy); }

 private:
  // Of a sequence, that layers with a window remember at most.
  std::int64_t tokens_seen_max() const { return window_ + step_tokens(); }

  KvShape shape_;
  kernels::KvType type_;
  int window_ = 0;
  // Of a token in all layers that see every one, in those with a window; of all states.
  std::uint64_t token_bytes_ = 0, window_bytes_ = 0, state_bytes_ = 0;
  std::uint64_t bytes_max_, taken_ = 0;
  std::vector<mx::array> unevaluated_;  // copies, each of which holds on to the whole until it is
};

class ContiguousCache final : public SequenceCache {
 public:
  // [1, heads, n, head_size] each.
  using Arrays = std::pair<mx::array, mx::array>;
  // One layer's keys and values. Invariant: `length` tokens are valid, the sequence's last ones;
  // the arrays have room for a multiple of kGrainTokens. An append writes in place when nobody else
  // holds the array (MLX donates it), so no handle to it may outlive a step.
  class Layer {
   public:
    // `window` as in KeysAndValues.
    explicit Layer(int window = 0) : window_(window) {}
    // keys, values [heads, n, head_size]; returns what the first of these rows and those behind it
    // may see, their own too.
    Arrays append(const mx::array& keys, const mx::array& values);
    // What append() returned last in this step.
    Arrays last() const;
    // Copies of the tokens before `end` that a row at `end` may still see, from `first` on; places
    // in the sequence. All of a window's, whatever `first` is.
    Arrays copy(int first, int end) const;
    // Begins anew with what copy() gave of another sequence's window, which ends at `end`.
    void replace(const Arrays& copied, int end);
    bool has_window() const { return window_ > 0; }
    int length() const { return length_; }

   private:
    void reserve(int tokens, const mx::array& keys, const mx::array& values);
    void forget_behind_window(int tokens);

    int window_;
    std::optional<mx::array> keys_;  // [1, heads, capacity, head_size]
    std::optional<mx::array> values_;
    int first_ = 0;  // place of the first token that is here
    int length_ = 0;
    int capacity_ = 0;
    int seen_ = 0;  // tokens that append() returned last
  };
  using State = DeltaState;  // a recurrent layer's: a step puts another in its place

  explicit ContiguousCache(ContiguousMemory& memory);
  ~ContiguousCache() override { memory_.give_back(bytes_); }
  ContiguousCache(const ContiguousCache&) = delete;
  ContiguousCache& operator=(const ContiguousCache&) = delete;

  bool reserve(int tokens) override;
  std::uint64_t bytes() const override { return bytes_; }
  std::shared_ptr<KvRun> share(int first, int last) override;
  bool adopt(const std::shared_ptr<KvRun>& run) override;
  Layer& layer(int at) { return std::get<Layer>(layers_[static_cast<std::size_t>(at)]); }
  State& state(int at) { return std::get<State>(layers_[static_cast<std::size_t>(at)]); }

 private:
  // Room for `tokens`, of which `seen` are kept for windows.
  bool reserve(int tokens, int seen);

  std::vector<std::variant<Layer, State>> layers_;
  ContiguousMemory& memory_;
  std::uint64_t bytes_ = 0;  // of the memory
};

}  // namespace sanctum::nn
