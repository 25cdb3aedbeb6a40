// What sequences have in common with those before them and beside them: who computes a prefix, who
// takes it over, who waits for it.
//
// A prefix is kept in runs. Where layers remember every token each block is one. Where some
// remember less, what they have can be kept at a run's end alone, so that ends are chosen: the last
// border of blocks that leaves the tail of a prompt, which the next turn of a conversation may
// spell otherwise, and others about as far apart as the memory says. A sequence is not fed across
// the next end.
//
// Invariant: a sequence that is held back waits for one that is not. Who has come to the end of its
// runs claims at most the next one, and from then on waits for nobody until that is filled or let
// go of. So somebody can always go on.
// Device thread only.
#pragma once

#include <cstdint>

#include "engine/prefix_cache.h"
#include "engine/sequence.h"

namespace sanctum::engine {

class SharedPrefixes {
 public:
  // Of a prompt's end: what a template puts behind the last message.
  static constexpr int kTailTokens = 16;

  // `bytes_max` as of PrefixCache.
  SharedPrefixes(const nn::KvMemory& memory, std::uint64_t bytes_max)
      : block_tokens_(memory.block_tokens()),
        ends_apart_(memory.keeps_ends() ? memory.spacing_tokens() : 0),
        cache_(bytes_max) {}

  // Takes over what is cached of the running sequence's next tokens, at the cost of what nobody
  // uses; false while another sequence computes them.
  bool follow(Sequence& sequence);
  // How many tokens it may be fed in a step.
  int feed_max(const Sequence& sequence) const;
  // Offers the runs that a step has completed. One that finds no room for a copy offers no more:
  // see abandon().
  void keep(Sequence& sequence);
  // The sequence holds nothing, now or while it runs, and nobody waits for it: it computes for
  // itself alone.
  void abandon(Sequence& sequence);

  // Drops the run that was let go of longest ago; false when there is none.
  bool evict() { return cache_.evict(); }
  // Of all runs, whether a sequence uses them now or not.
  std::uint64_t bytes() const { return cache_.bytes(); }

 private:
  // Where the run ends that begins at `from`, the end of another; tokens.
  int next_end(const Sequence& sequence, int from) const;
  // Holds the node of the sequence's next run, behind those that it has.
  PrefixCache::Node* hold_next(Sequence& sequence);
  // The run of its last node; null when there is no room for a copy, at whatever cost to what
  // nobody uses.
  std::shared_ptr<nn::KvRun> shared(Sequence& sequence);
  bool adopted(Sequence& sequence, const PrefixCache::Node* node);

  int block_tokens_;
  int ends_apart_;  // 0: every block is a run
  PrefixCache cache_;
};

}  // namespace sanctum::engine
