#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "client/chat_session.h"

namespace sanctum {
namespace {

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

int run(const Options& options) {
  client::Limits limits;
  limits.total = client::Milliseconds(0);  // an answer that streams may take its time
  client::ChatClient client(resolve(options.server, client::process_environment), limits);
  client::Interrupt interrupt;
  client::ChatSession session(client, options.chat, std::cout, std::cerr);
  for (const auto& path : options.images) session.attach(path);
  const auto prompt = joined(options.prompt);
  if (!prompt.empty()) return session.ask(prompt, interrupt) ? 0 : 1;
  session.converse(isatty(STDIN_FILENO) == 1, interrupt);
  return 0;
}

}  // namespace

void add_chat(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("chat", "Talk with a model on the terminal");
  command.add_option("prompt", options->prompt,
                     "One question; its answer is printed and the program ends. Without it the "
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
      ->check(CLI::Range(1, 1 << 20));
  command.add_option("--temperature", options->chat.temperature, "0 is greedy")
      ->check(CLI::Range(0.0, 2.0));
  command.add_flag("-v,--verbose", options->chat.verbose, "Show tokens a second and timings");
  command.footer(
      "Examples:\n"
      "  sanctum chat \"What is 17 + 25?\"\n"
      "  sanctum chat --image red.png \"What color is this?\"\n"
      "  echo \"Repeat lantern\" | sanctum chat\n"
      "  sanctum chat -v            interactive; /help lists its commands\n"
      "\n"
      "Ctrl-C stops the answer; Ctrl-D or /quit leaves.\n" +
      exit_codes("answered", "the question failed or was stopped"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
