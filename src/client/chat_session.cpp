#include "client/chat_session.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/home_path.h"
#include "base/nearest.h"
#include "client/line_reader.h"
#include "client/printable.h"
#include "client/server_status.h"
#include "client/wait_note.h"

namespace sanctum::client {
namespace {

constexpr std::string_view kBlock = "\"\"\"";
constexpr std::size_t kNameCharactersMax = 200;
constexpr Milliseconds kGlance{300};  // an answer that comes meanwhile is shown so much later
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kPlain = "\x1b[0m";

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// `more_turns`: a conversation came before.
std::string failure_text(const Answer& answer, const Endpoint& endpoint, bool more_turns) {
  if (answer.ending == Ending::kUnreachable) return unreachable_advice(endpoint, answer.failure);
  if (answer.ending == Ending::kBroken)
    return "the server at " + endpoint.url + " was lost in the middle of its answer (" +
           answer.failure + "); `sanctum status` shows whether it is back";
  std::string text = answer.failure;
  if (!answer.field.empty()) text += " (field " + answer.field + ")";
  if (answer.code == "context_length_exceeded")
    text += more_turns ? "; the conversation fills the model's context: /reset begins anew"
                       : "; ask with less text, or give the server more --kv-bytes where that is "
                         "what limits it (`sanctum models info`)";
  if (more_turns && answer.field.find("image_url") != std::string::npos)
    text += "; /clear begins anew, without the pictures that were shown before";
  // A model that failed to load does not come back by itself in so many seconds.
  if (answer.retry_after && answer.field != "model") {
    text += "; try again in " + std::to_string(answer.retry_after->count() / 1000) + " s";
  }
  return text;
}

// Shows an answer as it comes: what is thought before it dimmed, where there are colours.
class Shown {
 public:
  Shown(std::ostream& out, bool colours) : out_(out), colours_(colours) {}
  void add(const Added& piece) {
    if (colours_ && !piece.reasoning.empty()) {
      if (!std::exchange(dim_, true)) out_ << kDim;
      out_ << printable(piece.reasoning);
    }
    if (!piece.content.empty()) {
      if (std::exchange(dim_, false)) out_ << kPlain << "\n\n";
      out_ << printable(piece.content);
    }
    out_.flush();
  }
  void end(bool any) {
    if (dim_) out_ << kPlain;
    if (any) out_ << "\n";
    out_.flush();
  }

 private:
  std::ostream& out_;
  const bool colours_;
  bool dim_ = false;
};

double number(const std::string& text, double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= low && value <= high))
    throw Error(ErrorCode::kInvalid, "'" + text + "' is no number from " + formatted("%g", low) +
                                         " to " + formatted("%g", high));
  return value;
}

}  // namespace

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
      conversation_(options.system) {
  of_maker_ = look_at(model_).sampling;
  take_defaults();
}

ModelAbilities ChatSession::look_at(const std::string& model) {
  const HttpReply models = client_.get("/v1/models");
  // Whoever cannot be asked now may know better than we do.
  if (models.status != 200) return {.sampling = true};
  ModelAbilities abilities = abilities_of(models.body, model);
  if (!abilities.no_chat.empty())
    throw Error(ErrorCode::kInvalid,
                prompts_alone(client_.endpoint().url, model, abilities.no_chat));
  return abilities;
}

void ChatSession::take_defaults() {
  sampling_.max_tokens = options_.max_tokens;
  sampling_.temperature = options_.temperature;
  sampling_.top_p = options_.top_p;
  if (of_maker_) return;
  if (!sampling_.temperature) sampling_.temperature = kChatTemperatureDefault;
  if (!sampling_.top_p) sampling_.top_p = kChatTopPDefault;
}

bool ChatSession::ask(const std::string& text, Interrupt& interrupt) {
  conversation_.user(text);
  ChatRequest request = sampling_;
  request.model = model_;
  request.messages_json = conversation_.messages_json();
  request.stream = true;
  interrupt.take();
  Shown shown(out_, options_.colours);
  std::optional<WaitNote> wait;
  if (options_.says_waits) wait.emplace([this] { return waited_for(); }, notes_);
  const auto answer = client_.chat(
      request,
      [&](const Added& piece) {
        wait.reset();
        shown.add(piece);
      },
      interrupt.flag());
  wait.reset();
  shown.end(!answer.content.empty() || (options_.colours && !answer.reasoning.empty()));
  stopped_ = answer.ending == Ending::kCancelled;
  if (stopped_) {
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
    notes_ << "sanctum: "
           << printable(failure_text(answer, client_.endpoint(), conversation_.turns() > 1))
           << "\n";
    conversation_.forget_last();
    return false;
  }
  conversation_.assistant(answer.content);
  report(answer);
  return true;
}

std::string ChatSession::waited_for() const {
  ChatClient beside(client_.endpoint(), {kGlance, kGlance, kGlance});
  const HttpReply ready = beside.get("/ready");
  if (ready.ending != Ending::kAnswered) return {};  // far away, or busy: nothing is known
  if (ready.status == 200) return "the server is ready, and the answer has not begun";
  for (const auto& [name, value] : flattened(ready.body))
    if (name == "reason") return value;
  return {};
}

void ChatSession::report(const Answer& answer) {
  if (answer.finish_reason == "length") {
    const bool ours = answer.completion_tokens.value_or(options_.max_tokens) >= options_.max_tokens;
    notes_ << "(cut off: "
           << (ours ? "an answer may have " + std::to_string(options_.max_tokens) +
                          (converses_ ? " tokens; /set max_tokens NUMBER raises that"
                                      : " tokens; --max-tokens raises that")
                    : "the context is full; " +
                          std::string(conversation_.turns() > 2
                                          ? "/reset begins anew"
                                          : "`sanctum models info` says how long it is, and why"))
           << ")\n";
  }
  if (options_.verbose) notes_ << "[" << timing_line(answer) << "]\n";
}

void ChatSession::set(std::string argument) {
  // Ollama's spelling of both.
  if (argument.rfind("parameter ", 0) == 0) argument.erase(0, 10);
  if (argument.rfind("system ", 0) == 0) return set_system(argument.substr(7));
  const auto space = argument.find_first_of(" \t");
  const std::string name = argument.substr(0, space);
  const std::string value =
      space == std::string::npos ? "" : argument.substr(argument.find_first_not_of(" \t", space));
  if (name == "temperature")
    options_.temperature = number(value, 0, 2);
  else if (name == "top_p")
    options_.top_p = number(value, 0, 1);
  else if (name == "max_tokens")
    options_.max_tokens = static_cast<std::int64_t>(number(value, 1, kChatTokensMax));
  else if (!name.empty())
    throw Error(ErrorCode::kInvalid,
                "there is no '" + name + "' to set; there are temperature, top_p and max_tokens");
  take_defaults();
  const auto shown = [](const std::optional<double>& told) {
    return told ? formatted("%g", *told) : std::string("the model's own");
  };
  notes_ << "temperature " << shown(sampling_.temperature) << ", top_p " << shown(sampling_.top_p)
         << ", max_tokens " << options_.max_tokens << "\n";
}

void ChatSession::set_system(const std::string& argument) {
  if (argument.empty() && conversation_.has_system()) {
    notes_ << printable(conversation_.system()) << "\n(/system \"\" takes it away)\n";
    return;
  }
  conversation_.set_system(argument == "\"\"" ? "" : argument);
  notes_ << (conversation_.has_system() ? "(that is the system prompt now)\n"
                                        : "(no system prompt)\n");
}

void ChatSession::choose_model(const std::string& name) {
  const auto names = client_.models();
  const bool there = std::find(names.begin(), names.end(), name) != names.end();
  if (!there) {
    std::string all;
    for (const auto& each : names)
      all += (all.empty() ? "" : ", ") + each + (each == model_ ? " (this one)" : "");
    if (name.empty()) {
      notes_ << printable(all) << "\n";
      return;
    }
    throw Error(ErrorCode::kNotFound,
                "there is no model '" + name + "'" + did_you_mean(name, names, "there is " + all));
  }
  of_maker_ = look_at(name).sampling;
  model_ = name;
  take_defaults();
  notes_ << "(" << printable(name) << " answers from now on)\n";
}

void ChatSession::obey(const Command& command) {
  const std::string& argument = command.argument;
  const bool wants_file = command.kind == Command::Kind::kImage ||
                          command.kind == Command::Kind::kSave ||
                          command.kind == Command::Kind::kLoad;
  if (wants_file && argument.empty()) throw Error(ErrorCode::kInvalid, "it wants a FILE behind it");
  switch (command.kind) {
    case Command::Kind::kHelp:
      notes_ << kChatHelp;
      break;
    case Command::Kind::kReset:
      conversation_.reset();
      notes_ << "(forgotten)\n";
      break;
    case Command::Kind::kImage:
      attach(home_expanded(argument));
      notes_ << "(attached; it goes with the next question)\n";
      break;
    case Command::Kind::kSet:
      set(argument);
      break;
    case Command::Kind::kSystem:
      set_system(argument);
      break;
    case Command::Kind::kModel:
      choose_model(argument);
      break;
    case Command::Kind::kSave:
      conversation_.save(home_expanded(argument));
      notes_ << "(saved)\n";
      break;
    case Command::Kind::kLoad:
      conversation_.load(home_expanded(argument));
      notes_ << "(loaded, " << conversation_.turns() << " messages"
             << (conversation_.has_system() ? " and a system prompt" : "") << ")\n";
      break;
    default:
      throw Error(ErrorCode::kInvalid, "no such command: " + argument + "; /help lists them");
  }
}

// Up to the next mark, or the end of the input.
std::string ChatSession::multiline(const std::string& first, LineReader& reader) {
  std::string text = first.substr(kBlock.size());
  while (!text.ends_with(kBlock)) {
    const auto more = reader.read("... ");
    if (more.end == LineReader::End::kInterrupted) return {};
    if (more.end == LineReader::End::kEndOfInput) return text;
    text += "\n" + more.text;
  }
  return text.substr(0, text.size() - kBlock.size());
}

bool ChatSession::converse(Interrupt& interrupt) {
  notes_ << printable_line(model_, kNameCharactersMax) << " at " << client_.endpoint().url
         << "; /help lists the commands\n";
  converses_ = true;
  bool all_well = true;
  LineReader reader(true, "> ");
  for (;;) {
    const auto input = reader.read();
    if (input.end == LineReader::End::kInterrupted && interrupt.take()) {
      notes_ << "\n(/quit or Ctrl-D leaves)\n";
      continue;
    }
    if (input.end != LineReader::End::kLine) break;
    const bool block = input.text.starts_with(kBlock);
    const Command command = block ? Command{Command::Kind::kSay, multiline(input.text, reader)}
                                  : command_of(input.text);
    if (command.kind == Command::Kind::kQuit) return all_well;
    try {
      if (command.kind != Command::Kind::kSay)
        obey(command);
      else if (!command.argument.empty())
        all_well &= ask(command.argument, interrupt) || stopped_;
    } catch (const Error& error) {
      notes_ << "sanctum: " << printable(error.what()) << "\n";
    }
  }
  notes_ << "\n";
  return all_well;
}

}  // namespace sanctum::client
