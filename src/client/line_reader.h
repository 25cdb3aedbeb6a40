// Lines typed by a person, with editing and history on a terminal and plain reading elsewhere.
//
// Contract: history lives as long as the reader; nothing typed is written to disk. Not
// thread-safe: owned by the thread that reads standard input.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace sanctum::client {

inline constexpr int kHistoryLinesMax = 1000;

class LineReader {
 public:
  // `interactive` turns editing, history and the prompt on.
  LineReader(bool interactive, std::string prompt);
  ~LineReader();

  enum class End { kLine, kInterrupted, kEndOfInput };
  struct Input {
    End end = End::kEndOfInput;
    std::string text;  // without its line feed
  };
  // A signal that arrives while waiting gives kInterrupted.
  Input read();

 private:
  struct Editor;
  std::unique_ptr<Editor> editor_;
};

}  // namespace sanctum::client
