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
inline constexpr std::size_t kPasteCharactersMax = 4u << 20;  // more is not taken

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
  // A signal that arrives while waiting gives kInterrupted. What is pasted may have line feeds.
  // `prompt`: instead of the usual one.
  Input read(const std::string& prompt = {});

 private:
  struct Editor;
  std::unique_ptr<Editor> editor_;
};

}  // namespace sanctum::client
