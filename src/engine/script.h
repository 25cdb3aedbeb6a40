// What a model says instead of what it would say, for tests: SANCTUM_SCRIPT in the engine's
// environment names a file. Prompts, caches, grammars, streams, deaths and what comes after them
// are real; the choice of tokens alone is the script's.
//
//   [{"when": "a text of the prompt", "say": "an answer, special tokens spelled out"}, ...]
//
// Contract: of the lines whose `when` stands in the prompt the first one is said; without one the
// model says what it would say. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sanctum::engine {

class Script {
 public:
  // Throws Error for a file that cannot be read, or that is none.
  explicit Script(const std::string& path);
  // Null: nothing is written for it.
  const std::string* answer_to(std::string_view prompt) const;

 private:
  struct Line {
    std::string when, say;
  };
  std::vector<Line> lines_;
};

}  // namespace sanctum::engine
