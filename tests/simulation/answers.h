// What the simulated model answers: tokens that are a hash of everything before them, so that one
// that is lost, doubled or out of place changes all that follow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/states.h"

namespace sanctum::simulation {

// The state of one answer behind some of its tokens.
class Answer {
 public:
  Answer(std::string_view prompt, std::uint64_t seed, int max_tokens);

  // Chooses the next token; the text that it makes readable is returned. Some tokens hold their
  // text back, as a piece of a character does, until a later one completes it.
  struct Piece {
    int id = 0;
    std::string text;
  };
  Piece next();
  // The same for a token that was said before.
  std::string push(int id);
  int said() const { return said_; }  // tokens
  bool over() const { return ended_ || said_ >= max_tokens_; }
  wire::FinishReason reason() const {
    return ended_ ? wire::FinishReason::kStop : wire::FinishReason::kLength;
  }
  std::string held_back() const { return held_; }  // comes with the end

 private:
  std::uint64_t hash_;
  int max_tokens_;
  int said_ = 0;
  bool ended_ = false;
  std::string held_;
};

struct Whole {
  std::string text;
  std::vector<int> ids;
  wire::FinishReason reason = wire::FinishReason::kStop;
};
Whole whole_answer(std::string_view prompt, std::uint64_t seed, int max_tokens);

}  // namespace sanctum::simulation
