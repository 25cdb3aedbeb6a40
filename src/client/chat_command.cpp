#include "client/chat_command.h"

#include <algorithm>
#include <iterator>

namespace sanctum::client {
namespace {

using Kind = Command::Kind;

// Those of Ollama's and llama.cpp's chats mean the same here.
constexpr struct {
  const char* word;
  Kind kind;
} kWords[] = {{"/help", Kind::kHelp},     {"/?", Kind::kHelp},      {"/image", Kind::kImage},
              {"/reset", Kind::kReset},   {"/clear", Kind::kReset}, {"/set", Kind::kSet},
              {"/system", Kind::kSystem}, {"/model", Kind::kModel}, {"/save", Kind::kSave},
              {"/load", Kind::kLoad},     {"/quit", Kind::kQuit},   {"/exit", Kind::kQuit},
              {"/bye", Kind::kQuit}};

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

const char* const kChatHelp =
    "  /image FILE       attach a PNG, JPEG, WebP, GIF or BMP picture to the next question\n"
    "  /reset            forget the conversation (so does /clear)\n"
    "  /set NAME VALUE   temperature, top_p or max_tokens, from now on; /set shows them\n"
    "  /system TEXT      the system prompt from now on; /system shows it, /system \"\" drops it\n"
    "  /model NAME       ask another model; /model lists them\n"
    "  /save FILE        write the conversation, /load FILE goes on with it\n"
    "  /help             show this (so does /?)\n"
    "  /quit             leave (so do /bye, /exit and Ctrl-D)\n"
    "  \"\"\"               several lines, up to the next \"\"\"; a paste may have several too\n"
    "  Ctrl-C            stop the answer\n";

Command command_of(const std::string& line) {
  const std::string text = trimmed(line);
  // A lone slash in front of something else ("/etc/hosts is what?") is a question too.
  if (text.empty() || text[0] != '/') return {Kind::kSay, text};
  const auto end = text.find_first_of(" \t\n");
  const auto word = text.substr(0, end);
  const auto rest = end == std::string::npos ? std::string() : trimmed(text.substr(end));
  const auto* const known = std::find_if(std::begin(kWords), std::end(kWords),
                                         [&](const auto& each) { return each.word == word; });
  if (known != std::end(kWords)) return {known->kind, rest};
  if (word.find('/', 1) != std::string::npos) return {Kind::kSay, text};
  return {Kind::kUnknown, word};
}

}  // namespace sanctum::client
