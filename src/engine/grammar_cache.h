// One model's grammars: its vocabulary, arranged for them when the first is asked for, and those
// that were asked for last.
//
// Thread rule: any thread. Who asks for one that another compiles waits for that one alone.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/bound_grammar.h"

namespace sanctum::engine {

inline constexpr std::size_t kGrammarsKeptMax = 32;
inline constexpr std::uint64_t kGrammarsKeptBytesMax = 256u << 20;  // of them and their keys

class GrammarCache {
 public:
  // The model has logits for `rows` ids; `marks` are tokens that stand for themselves, not for
  // their text.
  GrammarCache(std::shared_ptr<const text::Tokenizer> tokenizer, int rows,
               std::vector<std::string> marks);
  using Make = std::function<BoundGrammar(const text::GrammarVocabulary&)>;
  // What was made of `key`, or what `make` makes of it; throws what that throws.
  BoundGrammar compiled(const std::string& key, const Make& make);

 private:
  struct Kept {
    std::string key;
    std::shared_future<BoundGrammar> grammar;
    std::uint64_t bytes = 0;
  };

  const text::GrammarVocabulary& vocabulary();
  std::shared_future<BoundGrammar> find_or_begin(const std::string& key,
                                                 std::promise<BoundGrammar>& made);
  void weigh(const std::string& key, std::uint64_t bytes);
  void drop_last();  // under mutex_
  void forget(const std::string& key);
  std::list<Kept>::iterator at(const std::string& key);  // under mutex_

  const std::shared_ptr<const text::Tokenizer> tokenizer_;
  const int rows_;
  const std::vector<std::string> marks_;
  std::once_flag arranged_;
  std::unique_ptr<const text::GrammarVocabulary> vocabulary_;  // once arranged_
  std::mutex mutex_;                                           // guards the rest
  std::list<Kept> kept_;  // the last one that was asked for first
  std::uint64_t bytes_ = 0;
};

}  // namespace sanctum::engine
