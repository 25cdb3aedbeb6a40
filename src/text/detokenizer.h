// Token ids to text, one at a time, for one request.
//
// Contract: push() returns whole UTF-8 characters only. The concatenation of all pushes and
// finish() equals Tokenizer::decode(all ids, skip_special = true), whatever the tokenizer's kind;
// bytes that form no character become U+FFFD exactly as there. Special tokens yield nothing, except
// those among the `markers` (marker_tokens() in output_parser.h): they yield their control mark,
// for an OutputParser made for the same.
// Text is held back only while it could still change: a character's missing bytes, or a run of
// byte-fallback tokens, whose validity is decided as a whole.
// Thread rule: one owner at a time, no locks.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace sanctum::text {

class Detokenizer {
 public:
  explicit Detokenizer(std::shared_ptr<const Tokenizer> tokenizer,
                       const std::vector<std::string>& markers = {});

  std::string push(int id);
  // What is still held back. The detokenizer is as new afterwards.
  std::string finish();

 private:
  std::string push_bytes(const std::string& bytes);
  std::string push_window(int id);
  // What is held back, which ends here, and the mark.
  std::string push_mark(int id, char mark);
  // The token is the last one whose text is out.
  void begin_window(int id);

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<std::pair<int, char>> marks_;  // of special tokens
  std::string bytes_;                        // byte-level: the start of a character
  std::vector<int> window_;  // otherwise: the last token that is out and what is held behind it
  std::size_t emitted_ = 0;  // bytes of the window's text that are out
};

}  // namespace sanctum::text
