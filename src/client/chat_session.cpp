#include "client/chat_session.h"

#include <cstdio>
#include <ostream>

#include "base/error.h"
#include "client/line_reader.h"
#include "client/printable.h"

namespace sanctum::client {
namespace {

constexpr const char* kHelp =
    "  /image FILE  attach a PNG, JPEG, WebP, GIF or BMP picture to the next question\n"
    "  /reset       forget the conversation\n"
    "  /help        show this\n"
    "  /quit        leave (so does Ctrl-D)\n"
    "  Ctrl-C       stop the answer\n";

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string failure_text(const Answer& answer, const Endpoint& endpoint) {
  if (answer.ending == Ending::kUnreachable) return unreachable_advice(endpoint, answer.failure);
  std::string text = answer.failure;
  if (!answer.field.empty()) text += " (field " + answer.field + ")";
  if (answer.retry_after) {
    text += "; try again in " + std::to_string(answer.retry_after->count() / 1000) + " s";
  }
  return text;
}

}  // namespace

Command command_of(const std::string& line) {
  const std::string text = trimmed(line);
  // A lone slash in front of something else ("/etc/hosts is what?") is a question too.
  if (text.empty() || text[0] != '/') return {Command::Kind::kSay, text};
  const auto end = text.find_first_of(" \t");
  const auto word = text.substr(0, end);
  const auto rest = end == std::string::npos ? std::string() : trimmed(text.substr(end));
  if (word == "/help") return {Command::Kind::kHelp, rest};
  if (word == "/image") return {Command::Kind::kImage, rest};
  if (word == "/reset") return {Command::Kind::kReset, rest};
  if (word == "/quit" || word == "/exit") return {Command::Kind::kQuit, rest};
  if (word.find('/', 1) != std::string::npos) return {Command::Kind::kSay, text};
  return {Command::Kind::kUnknown, word};
}

std::string timing_line(const Answer& answer) {
  std::string text;
  if (answer.prompt_tokens) text += std::to_string(*answer.prompt_tokens) + " prompt tokens, ";
  const auto tokens =
      answer.completion_tokens.value_or(static_cast<std::int64_t>(answer.arrivals.size()));
  text += std::to_string(tokens) + " tokens";
  if (const auto rate = answer.tokens_per_s()) text += formatted(", %.1f tokens/s", *rate);
  if (const auto first = answer.first_token_s()) {
    text += formatted(", first after %.0f ms", *first * 1e3);
  }
  const double total_us = static_cast<double>(microseconds_between(answer.sent, answer.ended));
  text += formatted(", %.0f ms in all", total_us / 1e3);
  if (const auto& t = answer.timings) {
    text += formatted("; server: queue %.1f ms", static_cast<double>(t->queue_us) / 1e3);
    text += formatted(", vision %.1f ms", static_cast<double>(t->vision_us) / 1e3);
    text += formatted(", prefill %.1f ms", static_cast<double>(t->prefill_us) / 1e3);
    text += formatted(", decode %.1f ms", static_cast<double>(t->decode_us) / 1e3);
  }
  return text;
}

ChatSession::ChatSession(ChatClient& client, const ChatOptions& options, std::ostream& out,
                         std::ostream& notes)
    : client_(client),
      options_(options),
      out_(out),
      notes_(notes),
      model_(client.choose_model(options.model)),
      conversation_(options.system) {}

bool ChatSession::ask(const std::string& text, Interrupt& interrupt) {
  conversation_.user(text);
  const ChatRequest request{.model = model_,
                            .messages_json = conversation_.messages_json(),
                            .tools_json = {},
                            .max_tokens = options_.max_tokens,
                            .temperature = options_.temperature,
                            .stream = true};
  interrupt.take();
  const auto answer = client_.chat(
      request,
      [&](std::string_view piece) {
        out_ << printable(piece);
        out_.flush();
      },
      interrupt.flag());
  if (!answer.content.empty()) out_ << "\n";
  out_.flush();
  if (answer.ending == Ending::kCancelled) {
    notes_ << "(stopped)\n";
    interrupt.take();
    // What was said so far stays said, or the model would not know what a follow-up is about.
    if (answer.content.empty()) {
      conversation_.forget_last();
    } else {
      conversation_.assistant(answer.content);
    }
    return false;
  }
  if (!answer.good()) {
    notes_ << "sanctum: " << printable(failure_text(answer, client_.endpoint())) << "\n";
    conversation_.forget_last();
    return false;
  }
  conversation_.assistant(answer.content);
  report(answer);
  return true;
}

void ChatSession::report(const Answer& answer) {
  if (answer.finish_reason == "length") notes_ << "(cut off at the token limit)\n";
  if (options_.verbose) notes_ << "[" << timing_line(answer) << "]\n";
}

void ChatSession::obey(const Command& command) {
  switch (command.kind) {
    case Command::Kind::kHelp:
      notes_ << kHelp;
      break;
    case Command::Kind::kReset:
      conversation_.reset();
      notes_ << "(forgotten)\n";
      break;
    case Command::Kind::kImage:
      if (command.argument.empty()) {
        notes_ << "write /image FILE\n";
        break;
      }
      try {
        attach(command.argument);
        notes_ << "(attached; it goes with the next question)\n";
      } catch (const Error& error) {
        notes_ << "sanctum: " << printable(error.what()) << "\n";
      }
      break;
    default:
      notes_ << "no such command: " << printable(command.argument) << "; /help lists them\n";
  }
}

void ChatSession::converse(bool interactive, Interrupt& interrupt) {
  if (interactive) {
    notes_ << model_ << " at " << client_.endpoint().url << "; /help lists the commands\n";
  }
  LineReader reader(interactive, "> ");
  for (;;) {
    const auto input = reader.read();
    if (input.end == LineReader::End::kInterrupted && interrupt.take()) {
      notes_ << "\n(/quit or Ctrl-D leaves)\n";
      continue;
    }
    if (input.end != LineReader::End::kLine) break;
    const auto command = command_of(input.text);
    if (command.kind == Command::Kind::kQuit) return;
    if (command.kind != Command::Kind::kSay) {
      obey(command);
    } else if (!command.argument.empty()) {
      ask(command.argument, interrupt);
    }
  }
  if (interactive) notes_ << "\n";
}

}  // namespace sanctum::client
