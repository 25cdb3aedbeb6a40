#include "engine/grammar_cache.h"

#include <algorithm>

namespace sanctum::engine {

GrammarCache::GrammarCache(std::shared_ptr<const text::Tokenizer> tokenizer, int rows,
                           std::vector<std::string> marks)
    : tokenizer_(std::move(tokenizer)), rows_(rows), marks_(std::move(marks)) {}

BoundGrammar GrammarCache::compiled(const std::string& key, const Make& make) {
  std::promise<BoundGrammar> made;
  const std::shared_future<BoundGrammar> known = find_or_begin(key, made);
  if (known.valid()) return known.get();
  try {
    BoundGrammar grammar = make(vocabulary());
    made.set_value(grammar);
    weigh(key, grammar.bytes);
    return grammar;
  } catch (...) {
    forget(key);
    made.set_exception(std::current_exception());
    throw;
  }
}

// Nothing where it was not: whoever asked makes it, and tells `made`.
std::shared_future<BoundGrammar> GrammarCache::find_or_begin(const std::string& key,
                                                             std::promise<BoundGrammar>& made) {
  const std::lock_guard lock(mutex_);
  const auto found = at(key);
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    return found->grammar;
  }
  kept_.push_front({key, made.get_future().share(), key.size()});
  bytes_ += key.size();
  if (kept_.size() > kGrammarsKeptMax) drop_last();
  return {};
}

// Once it is known.
void GrammarCache::weigh(const std::string& key, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (const auto found = at(key); found != kept_.end()) {
    found->bytes += bytes;
    bytes_ += bytes;
  }
  while (bytes_ > kGrammarsKeptBytesMax && kept_.size() > 1) drop_last();
}

void GrammarCache::drop_last() {
  bytes_ -= kept_.back().bytes;
  kept_.pop_back();
}

void GrammarCache::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = at(key);
  if (found == kept_.end()) return;
  bytes_ -= found->bytes;
  kept_.erase(found);
}

std::list<GrammarCache::Kept>::iterator GrammarCache::at(const std::string& key) {
  return std::find_if(kept_.begin(), kept_.end(),
                      [&](const Kept& kept) { return kept.key == key; });
}

const text::GrammarVocabulary& GrammarCache::vocabulary() {
  std::call_once(arranged_, [this] {
    vocabulary_ = std::make_unique<text::GrammarVocabulary>(*tokenizer_, tokenizer_->end_ids(),
                                                            rows_, marks_);
  });
  return *vocabulary_;
}

}  // namespace sanctum::engine
