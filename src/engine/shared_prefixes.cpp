#include "engine/shared_prefixes.h"

#include <algorithm>
#include <limits>

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

int SharedPrefixes::next_end(const Sequence& sequence, int from) const {
  if (ends_apart_ == 0) return from + block_tokens_;
  const int spaced = (from / ends_apart_ + 1) * ends_apart_;
  const int before_tail = (sequence.prompt_tokens() - kTailTokens) / block_tokens_ * block_tokens_;
  return before_tail > from ? std::min(spaced, before_tail) : spaced;
}

int SharedPrefixes::feed_max(const Sequence& sequence) const {
  if (ends_apart_ == 0 || !sequence.keeps_prefix) return std::numeric_limits<int>::max();
  const HeldPrefix& prefix = sequence.prefix;
  const int end = prefix.end() > sequence.fed() ? prefix.end() : next_end(sequence, prefix.end());
  return end - sequence.fed();
}

PrefixCache::Node* SharedPrefixes::hold_next(Sequence& sequence) {
  const int first = sequence.prefix.end();
  const int count = next_end(sequence, first) - first;
  return sequence.prefix.hold_next(cache_, spelled(sequence, first, count));
}

bool SharedPrefixes::adopted(Sequence& sequence, const PrefixCache::Node* node) {
  while (!sequence.cache->adopt(PrefixCache::run_of(node))) {
    if (!cache_.evict()) return false;
  }
  return true;
}

std::shared_ptr<nn::KvRun> SharedPrefixes::shared(Sequence& sequence) {
  const PrefixCache::Node* last = sequence.prefix.last();
  const int first = PrefixCache::begin_of(last), end = PrefixCache::end_of(last);
  while (true) {
    if (auto run = sequence.cache->share(first / block_tokens_, end / block_tokens_)) return run;
    if (!cache_.evict()) return nullptr;
  }
}

bool SharedPrefixes::follow(Sequence& sequence) {
  if (!sequence.keeps_prefix) return true;
  HeldPrefix& prefix = sequence.prefix;
  while (sequence.fed() == prefix.end()) {
    const int fed = sequence.fed();
    const int most = sequence.left() - 1;  // a token must be left to feed: it gives the logits
    const int ahead = std::min(most, std::max(ends_apart_, block_tokens_));
    if (ahead < block_tokens_) return true;
    if (const auto* node = prefix.find_next(cache_, spelled(sequence, fed, ahead))) {
      if (!adopted(sequence, node)) {
        prefix.let_go_of_last();
        return true;
      }
      const int known = std::min(sequence.fed(), sequence.prompt_tokens());
      sequence.cached_tokens += std::max(known - sequence.reached, 0);
      sequence.reached = std::max(sequence.reached, sequence.fed());
      continue;
    }
    if (next_end(sequence, fed) - fed > most) return true;
    hold_next(sequence);
    if (!prefix.claim_last()) {
      prefix.let_go_of_last();
      return false;
    }
  }
  return true;
}

void SharedPrefixes::keep(Sequence& sequence) {
  if (!sequence.keeps_prefix) return;
  HeldPrefix& prefix = sequence.prefix;
  while (true) {
    PrefixCache::Node* last = prefix.last();
    if (last == nullptr || PrefixCache::run_of(last)) {
      // What a chunk ended in is this sequence's to finish: others wait for it.
      const bool begun = prefix.end() < sequence.fed();
      if (!begun || next_end(sequence, prefix.end()) > sequence.length()) return;
      hold_next(sequence);
      prefix.claim_last();
      continue;
    }
    if (prefix.end() > sequence.fed()) return;
    auto run = shared(sequence);
    if (!run) return abandon(sequence);
    cache_.fill(last, std::move(run));
  }
}

void SharedPrefixes::abandon(Sequence& sequence) {
  sequence.prefix.let_go();
  sequence.keeps_prefix = false;
}

}  // namespace sanctum::engine
