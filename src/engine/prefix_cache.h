// Which blocks of keys and values hold the beginnings of prompts and answers that were served.
//
// A tree: a node is one block of tokens behind its parent's, so that a path from the root spells a
// prefix; equal prefixes are found by comparing what they spell. A token of a picture is spelled by
// the picture's digest, so that another picture of the same size is another prefix. A block that a
// sequence is still computing is there too, without a block: others with the same prefix wait for
// it instead of computing it again.
//
// Invariants: a node's parent is there; a node that somebody holds is not evicted, nor are those
// before it; whoever holds a node without a block fills it or lets go of it.
// Pure but for its blocks, which are opaque here. Device thread only.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/sha256.h"
#include "nn/sequence_cache.h"

namespace sanctum::engine {

class PrefixCache {
 public:
  // What a token is, for equality: its id and, in a picture, the digest of the picture.
  struct Token {
    std::int64_t id = 0;
    Sha256 digest{};
    auto operator<=>(const Token&) const = default;
  };
  class Node;

  // `bytes_max` bounds what is kept while nobody holds it; 0 switches the cache off.
  PrefixCache(int block_tokens, std::uint64_t bytes_max);
  ~PrefixCache();

  // The next node of a sequence whose prefix so far ends with `behind` (null: nothing): the block
  // that spells `tokens`, held until release(). Made, without a block, if there is none.
  Node* hold(Node* behind, std::span<const Token> tokens);
  void release(Node* node, const void* who);
  // Whether `who`, a holder of a node without a block, is the one to compute it.
  static bool claim(Node* node, const void* who);

  static const std::shared_ptr<nn::KvBlock>& block_of(const Node* node);
  void fill(Node* node, std::shared_ptr<nn::KvBlock> block);

  // Drops the block that was let go of longest ago; false when there is none.
  bool evict();
  std::uint64_t bytes() const { return bytes_; }

 private:
  void forget(Node* node);

  int block_tokens_;
  std::uint64_t bytes_max_, bytes_ = 0;
  std::unique_ptr<Node> root_;
  std::list<Node*> idle_;  // nobody holds them, nor anything behind them; the oldest first
};

}  // namespace sanctum::engine
