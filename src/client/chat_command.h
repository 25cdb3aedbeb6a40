// What a line of a chat asks for: a question, or a command that begins with a slash. Pure.
#pragma once

#include <string>

namespace sanctum::client {

struct Command {
  enum class Kind {
    kSay,
    kHelp,
    kImage,
    kReset,
    kSet,
    kSystem,
    kModel,
    kSave,
    kLoad,
    kQuit,
    kUnknown
  } kind = Kind::kSay;
  std::string argument;
};

Command command_of(const std::string& line);

// For /help.
extern const char* const kChatHelp;

}  // namespace sanctum::client
