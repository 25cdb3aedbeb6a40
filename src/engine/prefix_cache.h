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
#include "nn/kv_memory.h"

namespace sanctum::engine {

class PrefixCache {
 public:
  // What a token is, for equality: its id, in a picture the digest of the picture, and whether its
  // keys are those of a long sequence (models::Traits::short_context).
  struct Token {
    std::int64_t id = 0;
    Sha256 digest{};
    bool beyond = false;
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

// What one sequence holds of a cache: the nodes of its prefix, from the first on. It lets go of
// them when it ends, and so of what it had claimed. Made by anyone, then the device thread's.
class HeldPrefix {
 public:
  HeldPrefix() = default;
  ~HeldPrefix() { let_go(); }
  HeldPrefix(const HeldPrefix&) = delete;
  HeldPrefix& operator=(const HeldPrefix&) = delete;

  const std::vector<PrefixCache::Node*>& nodes() const { return nodes_; }
  int blocks() const { return static_cast<int>(nodes_.size()); }
  // The node behind those that it has. The cache is always the same one, and outlives it.
  PrefixCache::Node* hold_next(PrefixCache& cache, std::span<const PrefixCache::Token> tokens) {
    cache_ = &cache;
    nodes_.push_back(cache.hold(nodes_.empty() ? nullptr : nodes_.back(), tokens));
    return nodes_.back();
  }
  // Whether the last node, which has no block, is this sequence's to compute.
  bool claim_last() { return PrefixCache::claim(nodes_.back(), this); }
  void let_go_of_last() {
    cache_->release(nodes_.back(), this);
    nodes_.pop_back();
  }
  void let_go() {
    for (PrefixCache::Node* node : nodes_) cache_->release(node, this);
    nodes_.clear();
  }

 private:
  PrefixCache* cache_ = nullptr;
  std::vector<PrefixCache::Node*> nodes_;
};

}  // namespace sanctum::engine
