#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <cerrno>
#include <iostream>
#include <memory>
#include <optional>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/home_path.h"
#include "client/chat_session.h"

namespace sanctum {
namespace {

constexpr int kQuietMs = 2000;  // before a person is told what is waited for
constexpr std::size_t kInputBytesMax = 16u << 20;

struct Options {
  client::EndpointOptions server;
  client::ChatOptions chat;
  std::vector<std::string> images;
  std::vector<std::string> prompt;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool is_pipe(int descriptor) {
  struct stat about{};
  return ::fstat(descriptor, &about) == 0 && S_ISFIFO(about.st_mode);
}

// Whoever waits for the end of standard input is told so.
// Nothing when a person had enough of it.
std::optional<std::string> rest_of_input(client::Interrupt& interrupt) {
  std::string text;
  char bytes[65536];
  bool told = false;
  pollfd readable{STDIN_FILENO, POLLIN, 0};
  while (true) {
    const int ready = ::poll(&readable, 1, told ? -1 : kQuietMs);
    if (ready == 0) {
      told = true;
      std::cerr << "sanctum chat: waiting for the end of standard input (< /dev/null for none)\n";
      continue;
    }
    if (interrupt.take()) return std::nullopt;
    const ssize_t count = ready < 0 ? -1 : ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(bytes, static_cast<std::size_t>(count));
    if (text.size() > kInputBytesMax)
      throw Error(ErrorCode::kInvalid,
                  "standard input has more than " + std::to_string(kInputBytesMax) + " bytes");
  }
}

// What was given as words, and behind it what stands on standard input, where that is no terminal.
std::optional<std::string> whole_question(const std::vector<std::string>& words,
                                          client::Interrupt& interrupt) {
  std::string question = joined(words);
  if (isatty(STDIN_FILENO) == 1) return question;
  auto input = rest_of_input(interrupt);
  if (!input) return std::nullopt;
  while (!input->empty() && std::isspace(static_cast<unsigned char>(input->back())))
    input->pop_back();
  if (input->empty() && !question.empty() && is_pipe(STDIN_FILENO))
    std::cerr << "sanctum chat: nothing came on standard input; the words alone are asked\n";
  const client::Command first = client::command_of(input->substr(0, input->find('\n')));
  if (question.empty() && first.kind != client::Command::Kind::kSay)
    std::cerr << "sanctum chat: commands are obeyed on a terminal; this is asked as it stands\n";
  return question + (question.empty() || input->empty() ? "" : "\n\n") + *input;
}

int run(const Options& options) {
  client::Limits limits;
  limits.total = client::Milliseconds(0);  // an answer that streams may take its time
  client::ChatClient client(resolve(options.server, client::process_environment), limits);
  client::Interrupt interrupt;
  auto chat = options.chat;
  chat.colours = isatty(STDOUT_FILENO) == 1;
  chat.says_waits = isatty(STDERR_FILENO) == 1;
  client::ChatSession session(client, chat, std::cout, std::cerr);
  for (const auto& path : options.images) session.attach(home_expanded(path));
  if (options.prompt.empty() && isatty(STDIN_FILENO) == 1)
    return session.converse(interrupt) ? 0 : kExitNo;
  const auto question = whole_question(options.prompt, interrupt);
  if (!question) return kExitNo;
  if (question->empty())
    throw Error(ErrorCode::kInvalid,
                "there is no question: give it as a word, or on standard input");
  return session.ask(*question, interrupt) ? 0 : kExitNo;
}

}  // namespace

void add_chat(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("chat", "Talk with a model on the terminal");
  command.add_option("prompt", options->prompt,
                     "One question; its answer is printed and the program ends. What stands on "
                     "standard input is appended to it, or is the question. Without either the "
                     "chat is interactive");
  add_server_options(command, options->server);
  command.add_option("--model", options->chat.model, "Model (default: the server's first)");
  command
      .add_option("--image", options->images,
                  "PNG, JPEG, WebP, GIF or BMP picture for the first question")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command.add_option("--system", options->chat.system, "System prompt");
  command.add_option("--max-tokens", options->chat.max_tokens, "Longest answer, in tokens")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      .add_option("--temperature", options->chat.temperature,
                  "0 is greedy (default: the model's own, else 0.7)")
      ->check(CLI::Range(0.0, 2.0));
  command
      .add_option("--top-p", options->chat.top_p,
                  "The likeliest tokens that together are so likely (default: the model's own, "
                  "else 0.95)")
      ->check(CLI::Range(0.0, 1.0));
  command.add_flag("-v,--verbose", options->chat.verbose, "Show tokens a second and timings");
  command.footer(
      "Examples:\n"
      "  sanctum chat \"What is 17 + 25?\"\n"
      "  sanctum chat --image red.png \"What color is this?\"\n"
      "  echo \"Repeat lantern\" | sanctum chat\n"
      "  git diff | sanctum chat \"What does this change?\"\n"
      "  sanctum chat -v            interactive; /help lists its commands\n"
      "\n"
      "Ctrl-C stops the answer; Ctrl-D or /quit leaves.\n" +
      exit_codes("answered", "the question failed or was stopped"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
