// A chat on a terminal: one answer, or turn after turn with commands.
//
// Contract: what the model says goes to `out` made printable; timings and advice go to `notes`.
// Ctrl-C ends the answer that is being written, never the session. Not thread-safe.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "client/chat_client.h"
#include "client/chat_command.h"
#include "client/conversation.h"
#include "client/interrupt.h"
#include "client/model_abilities.h"

namespace sanctum::client {

// Of one answer: a model that does not find its end is stopped.
inline constexpr std::int64_t kChatTokensDefault = 2048, kChatTokensMax = 1 << 20;
// Of a model whose maker chose nothing, and a person who did not either.
inline constexpr double kChatTemperatureDefault = 0.7, kChatTopPDefault = 0.95;

struct ChatOptions {
  std::string model{};  // empty: the server's first
  std::string system{};
  std::int64_t max_tokens = kChatTokensDefault;
  std::optional<double> temperature{}, top_p{};
  bool verbose = false;
  bool colours = false;     // reasoning is shown, dimmed
  bool says_waits = false;  // what a long silence is about
};

class LineReader;

class ChatSession {
 public:
  // Throws Error(kUnavailable) when no model can be chosen, Error(kInvalid) for one that answers no
  // chats.
  ChatSession(ChatClient& client, const ChatOptions& options, std::ostream& out,
              std::ostream& notes);
  void attach(const std::string& path) { conversation_.attach(path); }
  // Asks and prints. False when no whole answer came; the turn is then forgotten.
  bool ask(const std::string& text, Interrupt& interrupt);
  // Reads the terminal until its end or /quit. False when an answer failed.
  bool converse(Interrupt& interrupt);
  const std::string& model() const { return model_; }

 private:
  // Throws Error for what cannot be done.
  void obey(const Command& command);
  void set(std::string argument);
  void set_system(const std::string& argument);
  void choose_model(const std::string& name);
  // What the server says of a model; of one that answers no chats, Error(kInvalid).
  ModelAbilities look_at(const std::string& model);
  // Sampling that nobody chose.
  void take_defaults();
  std::string multiline(const std::string& first, LineReader& reader);
  void report(const Answer& answer);
  // Whether the server is ready, and why not, asked beside the question that is being answered.
  std::string waited_for() const;

  ChatClient& client_;
  ChatOptions options_;     // as they were told
  ChatRequest sampling_;    // as it is asked
  bool converses_ = false;  // on a terminal, where there are commands
  bool of_maker_ = true;    // the model's maker chose sampling, or may have
  std::ostream& out_;
  std::ostream& notes_;
  std::string model_;
  bool stopped_ = false;  // the last answer, by a person
  Conversation conversation_;
};

// "12 tokens, 83.1 tokens/s, first after 41 ms, ..." for -v.
std::string timing_line(const Answer& answer);

}  // namespace sanctum::client
