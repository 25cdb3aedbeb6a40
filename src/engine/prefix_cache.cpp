#include "engine/prefix_cache.h"

#include <algorithm>
#include <optional>

#include "base/invariant.h"

namespace sanctum::engine {

class PrefixCache::Node {
 public:
  using Tokens = std::vector<Token>;
  Node* parent = nullptr;
  const Tokens* tokens = nullptr;  // the key under which the parent keeps it
  std::map<Tokens, std::unique_ptr<Node>> children;
  std::shared_ptr<nn::KvBlock> block;
  int holders = 0;                   // sequences, and children
  const void* claimed_by = nullptr;  // a holder
  std::optional<std::list<Node*>::iterator> idle;
};

PrefixCache::PrefixCache(int block_tokens, std::uint64_t bytes_max)
    : block_tokens_(block_tokens), bytes_max_(bytes_max), root_(std::make_unique<Node>()) {}

PrefixCache::~PrefixCache() = default;

PrefixCache::Node* PrefixCache::hold(Node* behind, std::span<const Token> tokens) {
  SANCTUM_INVARIANT(static_cast<int>(tokens.size()) == block_tokens_, "tokens of a block");
  Node& parent = behind != nullptr ? *behind : *root_;
  const auto [at, made] = parent.children.try_emplace({tokens.begin(), tokens.end()});
  if (made) {
    at->second = std::make_unique<Node>();
    at->second->parent = &parent;
    at->second->tokens = &at->first;
    ++parent.holders;
  }
  Node* node = at->second.get();
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
  if (!node->block) return forget(node);
  node->idle = idle_.insert(idle_.end(), node);
  while (bytes_ > bytes_max_ && evict()) {
  }
}

const std::shared_ptr<nn::KvBlock>& PrefixCache::block_of(const Node* node) {
  return node->block;
}

void PrefixCache::fill(Node* node, std::shared_ptr<nn::KvBlock> block) {
  if (node->block) return;
  bytes_ += block->bytes();
  node->block = std::move(block);
}

bool PrefixCache::evict() {
  if (idle_.empty()) return false;
  forget(idle_.front());
  return true;
}

// A node that nobody holds goes, and with it its hold on its parent.
void PrefixCache::forget(Node* node) {
  if (node->idle) idle_.erase(*node->idle);
  if (node->block) bytes_ -= node->block->bytes();
  Node* parent = node->parent;
  parent->children.erase(parent->children.find(*node->tokens));
  --parent->holders;
  if (parent->holders > 0 || parent == root_.get()) return;
  if (!parent->block) return forget(parent);
  // As old as what was behind it: the next to go.
  parent->idle = idle_.insert(idle_.begin(), parent);
}

}  // namespace sanctum::engine
