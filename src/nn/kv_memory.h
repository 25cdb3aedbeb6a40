// What a model remembers of its sequences, and the memory it lies in: one kind for each backend.
//
// All of it lies within one number of bytes, whatever its layers remember (layer_memory.h). What a
// sequence left in it can be kept for others in runs of whole blocks. Layers that remember every
// token have a run's keys and values; those that remember less have what stands at its end, so that
// a run is of use only together with all those before it, and is left whole.
//
// Thread rule: device thread only.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kv_type.h"
#include "nn/layer_memory.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// What whole blocks of a sequence's tokens left in its cache, kept for other sequences.
class KvRun {
 public:
  virtual ~KvRun() = default;
  virtual std::uint64_t bytes() const = 0;
};

class SequenceCache {
 public:
  virtual ~SequenceCache() = default;
  // Makes room for `tokens` in all, the next step's among them; false, and nothing taken, when
  // there is none now.
  virtual bool reserve(int tokens) = 0;
  virtual std::uint64_t bytes() const = 0;

  // The run of blocks [first, last), which are full, or become so with the step whose graph was
  // built last; it stays as it is from then on. Of a memory that keeps ends the last one must be
  // the sequence's length. Null, and no change, when there is no room for a copy. See
  // KvMemory::take_unevaluated.
  virtual std::shared_ptr<KvRun> share(int first, int last) = 0;
  // Begins, or goes on, with a run of the same memory instead of computing it; the length must be
  // where it begins. False, and no change, when there is no room for a copy.
  virtual bool adopt(const std::shared_ptr<KvRun>& run) = 0;

  int length() const { return length_; }  // tokens
  // A step has appended `tokens` in every layer.
  void advance(int tokens) { length_ += tokens; }

 private:
  int length_ = 0;
};

// Layers that remember alike.
struct KvKind {
  std::string name;  // "full attention"
  int layers = 0;
  std::uint64_t token_bytes = 0;     // of all of them together, for each token that they remember
  std::int64_t tokens_max = 0;       // that they remember at most, of a sequence; 0: all
  std::uint64_t sequence_bytes = 0;  // whatever its length
};

// What bytes_for() is made of: the tokens of each kind count in whole grains.
struct KvOutline {
  std::vector<KvKind> kinds;  // that the model has
  int grain_tokens = 0;
  kernels::KvType type = kernels::kKvFloat32;
};

// A model that cannot remember as many tokens is of no use.
inline constexpr int kKvTokensMin = 256;

// Tokens of a step, where nobody says otherwise.
inline constexpr int kStepTokensUsual = 512;

// Outlives its sequences and their runs.
class KvMemory {
 public:
  // Of steps that feed at most `step_tokens` to a sequence: beside a window it remembers a step.
  explicit KvMemory(int step_tokens) : step_tokens_(step_tokens) {}
  virtual ~KvMemory() = default;
  KvMemory(const KvMemory&) = delete;
  KvMemory& operator=(const KvMemory&) = delete;

  int step_tokens() const { return step_tokens_; }
  virtual int block_tokens() const = 0;
  // Whether runs hold what stands at their end (layers with windows or states): then they are to be
  // few, about `spacing_tokens()` apart. Otherwise each block may be one.
  virtual bool keeps_ends() const = 0;
  virtual int spacing_tokens() const = 0;
  // Whether a run takes memory of its own while its sequence goes on, which nobody needs who has it
  // already; otherwise it is a second reference, and letting go of it alone gains nothing.
  virtual bool shares_copies() const = 0;
  // That a sequence of `tokens` takes at most, however they are fed.
  virtual std::uint64_t bytes_for(std::int64_t tokens) const = 0;
  virtual KvOutline outline() const = 0;
  // Of all sequences and runs together.
  virtual std::uint64_t bytes_max() const = 0;
  virtual std::unique_ptr<SequenceCache> sequence() = 0;
  // What was shared since the last call and is not evaluated: to be evaluated together with the
  // step that was built last, before the next one is.
  virtual std::vector<mx::array> take_unevaluated() { return {}; }
  // What the system has given for it, beside MLX's own memory, which counts itself.
  virtual std::uint64_t bytes_touched() const = 0;

  // Of one sequence that has it all, in whole blocks; bounded by kKvTokensCountable.
  std::int64_t tokens_max() const;
  // Throws Error(kInvalid) naming "kv_bytes" and what is needed if tokens_max() is under
  // kKvTokensMin.
  void expect_room() const;

 private:
  int step_tokens_;
};

inline constexpr std::int64_t kKvTokensCountable = std::int64_t{1} << 32;

// How far apart ends are kept: so that one takes at most twice what the keys and values before it
// do, as far as that can be had between these. Tokens, a power of two.
inline constexpr int kSpacingMin = 512, kSpacingMax = 4096;
int end_spacing(std::uint64_t end_bytes, std::uint64_t token_bytes);

// The kinds of a shape's layers: each with their number and no bytes yet. Those it has not have
// none.
struct KvKinds {
  KvKind all{"full attention"}, window{"sliding window"}, state{"recurrent state"};
  explicit KvKinds(const KvShape& shape);
  std::vector<KvKind> there() const;
};

}  // namespace sanctum::nn
