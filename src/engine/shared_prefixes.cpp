#include "engine/shared_prefixes.h"

#include <algorithm>

namespace sanctum::engine {
namespace {

// What the prefix cache knows `count` tokens by.
std::vector<PrefixCache::Token> spelled(const Sequence& sequence, int first, int count) {
  std::vector<PrefixCache::Token> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int at = first; at < first + count; ++at)
    out.push_back({sequence.token(at), {}, sequence.beyond});
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
  const int first = sequence.prefix.blocks() * block_tokens_;
  return sequence.prefix.hold_next(cache_, spelled(sequence, first, block_tokens_));
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
  HeldPrefix& prefix = sequence.prefix;
  // A token must be left to feed: it gives the logits.
  while (sequence.fed() == prefix.blocks() * block_tokens_ && sequence.left() > block_tokens_) {
    const PrefixCache::Node* node = hold_next(sequence);
    if (PrefixCache::block_of(node)) {
      if (!adopted(sequence, node)) {
        prefix.let_go_of_last();
        return true;
      }
      const int known = std::min(sequence.fed(), sequence.prompt_tokens());
      sequence.cached_tokens += std::max(known - sequence.reached, 0);
      sequence.reached = std::max(sequence.reached, sequence.fed());
    } else if (!prefix.claim_last()) {
      prefix.let_go_of_last();
      return false;
    }
  }
  return true;
}

void SharedPrefixes::keep(Sequence& sequence, int from) {
  if (!sequence.keeps_prefix) return;
  HeldPrefix& prefix = sequence.prefix;
  for (int at = from / block_tokens_; (at + 1) * block_tokens_ <= sequence.fed(); ++at) {
    if (at == prefix.blocks()) hold_next(sequence);
    PrefixCache::Node* node = prefix.nodes()[static_cast<std::size_t>(at)];
    if (PrefixCache::block_of(node)) continue;
    auto block = shared(sequence, at);
    if (!block) return abandon(sequence);
    cache_.fill(node, std::move(block));
  }
  // A block that a chunk ended in is this sequence's to finish: others wait for it.
  const int at = prefix.blocks();
  if (at * block_tokens_ < sequence.fed() && (at + 1) * block_tokens_ <= sequence.length()) {
    hold_next(sequence);
    prefix.claim_last();
  }
}

void SharedPrefixes::abandon(Sequence& sequence) {
  sequence.prefix.let_go();
  sequence.keeps_prefix = false;
}

}  // namespace sanctum::engine
