// Ends a stream of text at the first stop string.
//
// Contract: the first stop string to be complete ends the text (of those complete at the same byte,
// the longest), so the answer does not depend on how the text was split and nothing needs to be
// generated behind it. The text handed out never contains any part of that stop string; what could
// still become one is held back. Empty stop strings are ignored. Input and stop strings are whole
// UTF-8 characters, hence so is the output.
// After a stop everything pushed is swallowed.
// Thread rule: one owner at a time, no locks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sanctum::text {

class StopStrings {
 public:
  explicit StopStrings(std::vector<std::string> stops);

  struct Result {
    std::string text;
    bool stopped = false;
    std::string matched;  // the stop string, once stopped
  };
  Result push(std::string_view text);
  // What is still held back: the text ended without a stop.
  std::string finish();

 private:
  std::vector<std::string> stops_;
  std::string held_;
  std::string matched_;
  bool stopped_ = false;
};

}  // namespace sanctum::text
