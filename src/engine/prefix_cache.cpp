#include "engine/prefix_cache.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/invariant.h"

namespace sanctum::engine {

class PrefixCache::Node {
 public:
  using Tokens = std::vector<Token>;
  Node* parent = nullptr;
  const Tokens* tokens = nullptr;  // the key under which the parent keeps it
  std::map<Tokens, std::unique_ptr<Node>> children;
  std::shared_ptr<nn::KvRun> run;
  int end = 0;                       // tokens from the first one on
  int holders = 0;                   // sequences, and children
  const void* claimed_by = nullptr;  // a holder
  std::optional<std::list<Node*>::iterator> idle;
};

PrefixCache::PrefixCache(std::uint64_t bytes_max)
    : bytes_max_(bytes_max), root_(std::make_unique<Node>()) {}

PrefixCache::~PrefixCache() = default;

PrefixCache::Node* PrefixCache::hold(Node* behind, std::span<const Token> tokens) {
  SANCTUM_INVARIANT(!tokens.empty(), "tokens of a run");
  Node& parent = behind != nullptr ? *behind : *root_;
  const auto [at, made] = parent.children.try_emplace({tokens.begin(), tokens.end()});
  if (made) {
    at->second = std::make_unique<Node>();
    at->second->parent = &parent;
    at->second->tokens = &at->first;
    at->second->end = parent.end + static_cast<int>(tokens.size());
    ++parent.holders;
  }
  return held(at->second.get());
}

// Of keys that begin `ahead` the longest is the last one before it, if only such keys were there.
// One that does not begin it shows how much of it the others can have.
PrefixCache::Node* PrefixCache::find(Node* behind, std::span<const Token> ahead) {
  Node& parent = behind != nullptr ? *behind : *root_;
  Node::Tokens key(ahead.begin(), ahead.end());
  for (auto at = parent.children.upper_bound(key); at != parent.children.begin();) {
    const Node::Tokens& spelled = std::prev(at)->first;
    const auto same = std::mismatch(spelled.begin(), spelled.end(), key.begin(), key.end()).first;
    if (same == spelled.end()) {
      Node* node = std::prev(at)->second.get();
      if (node->run) return held(node);
      --at;
      continue;
    }
    key.assign(spelled.begin(), same);
    at = parent.children.upper_bound(key);
  }
  return nullptr;
}

PrefixCache::Node* PrefixCache::held(Node* node) {
  if (node->idle) {
    idle_.erase(*node->idle);
    node->idle.reset();
  }
  ++node->holders;
  return node;
}

bool PrefixCache::claim(Node* node, const void* who) {
  if (node->claimed_by == nullptr) node->claimed_by = who;
  return node->claimed_by == who;
}

void PrefixCache::release(Node* node, const void* who) {
  if (node->claimed_by == who) node->claimed_by = nullptr;
  SANCTUM_INVARIANT(node->holders > 0, "a node that is held");
  if (--node->holders > 0) return;
  if (!node->run) return forget(node);
  node->idle = idle_.insert(idle_.end(), node);
  while (bytes_ > bytes_max_ && evict()) {
  }
}

const std::shared_ptr<nn::KvRun>& PrefixCache::run_of(const Node* node) {
  return node->run;
}

int PrefixCache::begin_of(const Node* node) {
  return node == nullptr ? 0 : node->parent->end;
}

int PrefixCache::end_of(const Node* node) {
  return node == nullptr ? 0 : node->end;
}

void PrefixCache::fill(Node* node, std::shared_ptr<nn::KvRun> run) {
  if (node->run) return;
  bytes_ += run->bytes();
  node->run = std::move(run);
}

bool PrefixCache::evict() {
  if (idle_.empty()) return false;
  forget(idle_.front());
  return true;
}

// A node that nobody holds goes, and with it its hold on its parent.
void PrefixCache::forget(Node* node) {
  if (node->idle) idle_.erase(*node->idle);
  if (node->run) bytes_ -= node->run->bytes();
  Node* parent = node->parent;
  parent->children.erase(parent->children.find(*node->tokens));
  --parent->holders;
  if (parent->holders > 0 || parent == root_.get()) return;
  if (!parent->run) return forget(parent);
  // As old as what was behind it: the next to go.
  parent->idle = idle_.insert(idle_.begin(), parent);
}

}  // namespace sanctum::engine
