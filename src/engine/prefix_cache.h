// Which runs of blocks hold the beginnings of prompts and answers that were served.
//
// A tree: a node is one run of tokens behind its parent's (nn::KvRun), so that a path from the root
// spells a prefix; equal prefixes are found by comparing what they spell. A token of a picture is
// spelled by the picture's digest, so that another picture of the same size is another prefix. A
// run that a sequence is still computing is there too, empty: others with the same prefix wait for
// it instead of computing it again.
//
// Invariants: a node's parent is there; a node that somebody holds is not evicted, nor are those
// before it; whoever holds an empty node fills it or lets go of it.
// Pure but for its runs, which are opaque here. Device thread only.
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
  explicit PrefixCache(std::uint64_t bytes_max);
  ~PrefixCache();

  // The next node of a sequence whose prefix so far ends with `behind` (null: nothing): the run
  // that spells `tokens`, held until release(). Made, empty, if there is none.
  Node* hold(Node* behind, std::span<const Token> tokens);
  // The longest run behind `behind` that is there and begins what `ahead` spells, held; null if
  // there is none.
  Node* find(Node* behind, std::span<const Token> ahead);
  void release(Node* node, const void* who);
  // Whether `who`, a holder of an empty node, is the one to compute it.
  static bool claim(Node* node, const void* who);

  // Null: the node is empty.
  static const std::shared_ptr<nn::KvRun>& run_of(const Node* node);
  // Of the prefix before the node's run, and with it; tokens. Of none: 0.
  static int begin_of(const Node* node);
  static int end_of(const Node* node);
  void fill(Node* node, std::shared_ptr<nn::KvRun> run);

  // Drops the run that was let go of longest ago; false when there is none.
  bool evict();
  std::uint64_t bytes() const { return bytes_; }

 private:
  Node* held(Node* node);
  void forget(Node* node);

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

  bool empty() const { return nodes_.empty(); }
  PrefixCache::Node* last() const { return nodes_.empty() ? nullptr : nodes_.back(); }
  // Tokens of the prefix that they spell.
  int end() const { return PrefixCache::end_of(last()); }
  // The node behind those that it has. The cache is always the same one, and outlives it.
  PrefixCache::Node* hold_next(PrefixCache& cache, std::span<const PrefixCache::Token> tokens) {
    return add(cache, cache.hold(last(), tokens));
  }
  // Null, and nothing held, if there is none: see PrefixCache::find.
  PrefixCache::Node* find_next(PrefixCache& cache, std::span<const PrefixCache::Token> ahead) {
    PrefixCache::Node* node = cache.find(last(), ahead);
    return node == nullptr ? nullptr : add(cache, node);
  }
  // Whether the last node, which is empty, is this sequence's to compute.
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
  PrefixCache::Node* add(PrefixCache& cache, PrefixCache::Node* node) {
    cache_ = &cache;
    nodes_.push_back(node);
    return node;
  }

  PrefixCache* cache_ = nullptr;
  std::vector<PrefixCache::Node*> nodes_;
};

}  // namespace sanctum::engine
