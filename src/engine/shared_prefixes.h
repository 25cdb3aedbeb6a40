// What sequences have in common with those before them and beside them: who computes a prefix, who
// takes it over, who waits for it.
//
// Invariant: a sequence that is held back waits for one that is not. Who has come to the end of its
// blocks claims at most the next one, and from then on waits for nobody until that is filled or let
// go of. So somebody can always go on.
// Device thread only.
#pragma once

#include <cstdint>

#include "engine/prefix_cache.h"
#include "engine/sequence.h"

namespace sanctum::engine {

class SharedPrefixes {
 public:
  // As PrefixCache.
  SharedPrefixes(int block_tokens, std::uint64_t bytes_max)
      : block_tokens_(block_tokens), cache_(block_tokens, bytes_max) {}

  // Takes over what is cached of the running sequence's next tokens, at the cost of what nobody
  // uses; false while another sequence computes them.
  bool follow(Sequence& sequence);
  // Offers the sequence's blocks from the one that token `from` is in. One that finds no room for
  // a copy offers no more: see abandon().
  void keep(Sequence& sequence, int from);
  // The sequence holds nothing, now or while it runs, and nobody waits for it: it computes for
  // itself alone.
  void abandon(Sequence& sequence);

  // Drops the block that was let go of longest ago; false when there is none.
  bool evict() { return cache_.evict(); }
  // Of all blocks, whether a sequence uses them now or not.
  std::uint64_t bytes() const { return cache_.bytes(); }

 private:
  // Holds the node of the sequence's next block, behind those that it has.
  PrefixCache::Node* hold_next(Sequence& sequence);
  // Null when there is no room for a copy, at whatever cost to what nobody uses.
  std::shared_ptr<nn::KvBlock> shared(Sequence& sequence, int at);
  bool adopted(Sequence& sequence, const PrefixCache::Node* node);

  int block_tokens_;
  PrefixCache cache_;
};

}  // namespace sanctum::engine
