// What of an answer is a model's thought, token for token, and the thought's end where a request
// grants it so many tokens and no more.
//
// Contract: depends on the tokens that came, on nothing else, so that an answer that goes on in
// another engine goes on alike. A thought that is ended ends as its family ends one, never within a
// character, and the answer follows. Marks are no part of a thought's length. Thread rule: one
// owner.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "text/output_format.h"
#include "text/tokenizer.h"

namespace sanctum::engine {

// Of a family's thoughts, those that this tokenizer knows as tokens; else the first.
const text::ReasoningMarks& reasoning_marks(text::OutputFormat format,
                                            const text::Tokenizer& tokenizer);

class Thought {
 public:
  struct Marks {
    std::vector<int> opening, closing;
    std::vector<int> end;   // what ends one: closing, and what may have to stand around it
    bool anywhere = false;  // one may begin behind text, too
    // Of one that is no single token: words run together ("\n</think>"), so its letters count.
    std::string closing_text = {};
    // Which token of `opening` begins a thought and nothing else; nothing where none is known to.
    std::optional<std::size_t> telling = std::nullopt;
  };
  // A token's own bytes, perhaps a part of a character.
  using Bytes = std::function<std::string(int)>;
  static Marks marks(text::OutputFormat format, const text::Tokenizer& tokenizer);

  // `begun`: the prompt opened it. `tokens_max`: nothing for any length.
  Thought(Marks marks, bool begun, std::optional<int> tokens_max, Bytes bytes);

  void take(int token);
  // The token that must come next; nothing where any may.
  std::optional<int> forced() const;
  // The token that may not: it would begin another thought, and there is nothing left for one.
  std::optional<int> refused() const;
  int tokens() const { return tokens_; }

 private:
  bool is_spent() const { return tokens_max_ && tokens_ >= *tokens_max_; }
  bool ends_with(std::span<const int> mark) const;
  bool closes() const;
  bool opens(int token);

  const Marks marks_;
  const std::optional<int> tokens_max_;
  const Bytes bytes_;
  std::vector<int> last_;  // as many as the longest mark has
  bool inside_;
  int tokens_ = 0;
  std::size_t ending_ = 0;      // how many of marks_.end came
  std::size_t opening_ = 0;     // of marks_.opening, at the answer's start
  bool at_start_ = true;        // nothing but space came, or the beginning of a thought
  std::string said_ = {};       // the last of it, where closing_text counts
  std::string character_ = {};  // begun, and not whole
};

}  // namespace sanctum::engine
