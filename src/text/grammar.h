// Which of a model's tokens may come next in an answer that a grammar binds.
//
// Contract: what is allowed depends on the grammar and the tokens that came, on nothing else. A
// text that is forced may come as whichever tokens spell it. Once nothing may follow only the
// model's end tokens may. Work is bounded by counts (rust/src/grammar.rs), never by time.
// Thread rule: vocabularies and grammars are immutable, any thread; a GrammarState belongs to one
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace sanctum::text {

inline constexpr std::size_t kGrammarBytesMax = 2u << 20;  // one grammar's source

// llguidance's words for what is wrong with a source, for people: without places in a text that is
// no client's, and without the source itself.
std::string reason_of_refusal(std::string_view all);

class GrammarState {
 public:
  ~GrammarState();
  GrammarState(const GrammarState&) = delete;
  GrammarState& operator=(const GrammarState&) = delete;

  // How many of them may stand here, one after another; those are taken. Throws Error(kInvalid)
  // where the grammar takes more work than its limits allow.
  std::size_t take(std::span<const int> ids);
  // One bit for each token that may come next, in words of 32. Throws as take does.
  std::vector<std::uint32_t> mask();
  // Whether what came may be all.
  bool may_end();

 private:
  friend class Grammar;
  struct State;
  explicit GrammarState(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Grammar {
 public:
  ~Grammar();
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;
  // At its beginning.
  std::unique_ptr<GrammarState> begin() const;
  // The keywords of its schemas that are not enforced, each once.
  const std::vector<std::string>& not_enforced() const;

 private:
  friend class GrammarVocabulary;
  struct State;
  explicit Grammar(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class GrammarVocabulary {
 public:
  // `ends` end an answer; the model has logits for `rows` ids. `marks` are tokens that grammars
  // name as `<[id]>`, as they do special ones, and that are no part of any text. Takes about a
  // second for 250,000 tokens. Throws Error(kInvalid) where `ends` is empty.
  GrammarVocabulary(const Tokenizer& tokenizer, const std::vector<int>& ends, int rows,
                    const std::vector<std::string>& marks = {});
  ~GrammarVocabulary();
  GrammarVocabulary(const GrammarVocabulary&) = delete;
  GrammarVocabulary& operator=(const GrammarVocabulary&) = delete;

  // `source` is Lark with llguidance's extensions. Throws Error(kInvalid) saying what is wrong.
  std::shared_ptr<const Grammar> compile(const std::string& source) const;
  std::size_t mask_words() const { return mask_words_; }

 private:
  struct State;
  std::size_t mask_words_;
  std::unique_ptr<State> state_;
};

}  // namespace sanctum::text
