#include "engine/shared_prefixes.h"

#include <algorithm>

namespace sanctum::engine {
namespace {

// What the prefix cache knows `count` tokens by.
std::vector<PrefixCache::Token> spelled(const Sequence& sequence, int first, int count) {
  std::vector<PrefixCache::Token> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int at = first; at < first + count; ++at) out.push_back({sequence.token(at), {}});
  for (const models::PromptImage& image : sequence.prompt.images) {
    const int from = std::max(first, image.first);
    const int to = std::min(first + count, image.first + image.count);
    for (int at = from; at < to; ++at)
      out[static_cast<std::size_t>(at - first)].digest = image.digest;
  }
  return out;
}

}  // namespace

PrefixCache::Node* SharedPrefixes::hold_next(Sequence& sequence) {
  const auto& nodes = sequence.prefix;
  const int first = static_cast<int>(nodes.size()) * block_tokens_;
  return cache_.hold(nodes.empty() ? nullptr : nodes.back(),
                     spelled(sequence, first, block_tokens_));
}

bool SharedPrefixes::adopted(Sequence& sequence, const PrefixCache::Node* node) {
  while (!sequence.cache->adopt(PrefixCache::block_of(node))) {
    if (!cache_.evict()) return false;
  }
  return true;
}

std::shared_ptr<nn::KvBlock> SharedPrefixes::shared(Sequence& sequence, int at) {
  while (true) {
    if (auto block = sequence.cache->share(at)) return block;
    if (!cache_.evict()) return nullptr;
  }
}

bool SharedPrefixes::follow(Sequence& sequence) {
  if (!sequence.keeps_prefix) return true;
  auto& nodes = sequence.prefix;
  // A token must be left to feed: it gives the logits.
  while (sequence.fed() == static_cast<int>(nodes.size()) * block_tokens_ &&
         sequence.left() > block_tokens_) {
    PrefixCache::Node* node = hold_next(sequence);
    if (PrefixCache::block_of(node)) {
      if (!adopted(sequence, node)) {
        cache_.release(node, &sequence);
        return true;
      }
      nodes.push_back(node);
      const int known = std::min(sequence.fed(), sequence.prompt_tokens());
      sequence.cached_tokens += std::max(known - sequence.reached, 0);
      sequence.reached = std::max(sequence.reached, sequence.fed());
      continue;
    }
    if (!PrefixCache::claim(node, &sequence)) {
      cache_.release(node, &sequence);
      return false;
    }
    nodes.push_back(node);
  }
  return true;
}

void SharedPrefixes::keep(Sequence& sequence, int from) {
  if (!sequence.keeps_prefix) return;
  auto& nodes = sequence.prefix;
  for (int at = from / block_tokens_; (at + 1) * block_tokens_ <= sequence.fed(); ++at) {
    if (at == static_cast<int>(nodes.size())) nodes.push_back(hold_next(sequence));
    PrefixCache::Node* node = nodes[static_cast<std::size_t>(at)];
    if (PrefixCache::block_of(node)) continue;
    auto block = shared(sequence, at);
    if (!block) return abandon(sequence);
    cache_.fill(node, std::move(block));
  }
  // A block that a chunk ended in is this sequence's to finish: others wait for it.
  const int at = static_cast<int>(nodes.size());
  if (at * block_tokens_ < sequence.fed() && (at + 1) * block_tokens_ <= sequence.length()) {
    nodes.push_back(hold_next(sequence));
    PrefixCache::claim(nodes.back(), &sequence);
  }
}

void SharedPrefixes::let_go(Sequence& sequence) {
  for (PrefixCache::Node* node : sequence.prefix) cache_.release(node, &sequence);
  sequence.prefix.clear();
}

void SharedPrefixes::abandon(Sequence& sequence) {
  let_go(sequence);
  sequence.keeps_prefix = false;
}

}  // namespace sanctum::engine
