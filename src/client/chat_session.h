// A chat on a terminal: one answer, or turn after turn with commands.
//
// Contract: what the model says goes to `out` made printable; timings and advice go to `notes`.
// Ctrl-C ends the answer that is being written, never the session. Not thread-safe.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "client/chat_client.h"
#include "client/conversation.h"
#include "client/interrupt.h"

namespace sanctum::client {

struct ChatOptions {
  std::string model{};  // empty: the server's first
  std::string system{};
  std::optional<std::int64_t> max_tokens{};
  std::optional<double> temperature{};
  bool verbose = false;
};

// What a typed line asks for.
struct Command {
  enum class Kind { kSay, kHelp, kImage, kReset, kQuit, kUnknown } kind = Kind::kSay;
  std::string argument;
};
Command command_of(const std::string& line);

class ChatSession {
 public:
  // Throws Error(kUnavailable) when no model can be chosen.
  ChatSession(ChatClient& client, const ChatOptions& options, std::ostream& out,
              std::ostream& notes);
  void attach(const std::string& path) { conversation_.attach(path); }
  // Asks and prints. False when no whole answer came; the turn is then forgotten.
  bool ask(const std::string& text, Interrupt& interrupt);
  // Reads standard input until its end or /quit.
  void converse(bool interactive, Interrupt& interrupt);
  const std::string& model() const { return model_; }

 private:
  void obey(const Command& command);
  void report(const Answer& answer);

  ChatClient& client_;
  ChatOptions options_;
  std::ostream& out_;
  std::ostream& notes_;
  std::string model_;
  Conversation conversation_;
};

// "12 tokens, 83.1 tokens/s, first after 41 ms, ..." for -v.
std::string timing_line(const Answer& answer);

}  // namespace sanctum::client
