#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "client/chat_client.h"
#include "client/model_abilities.h"
#include "probes/battery.h"

namespace sanctum {
namespace {

struct Options {
  client::EndpointOptions server;
  std::string model;
  int timeout_s = 60;
  bool json = false;
};

int run(const Options& options) {
  client::Limits limits;
  limits.silence = limits.total = std::chrono::seconds(options.timeout_s);
  client::ChatClient client(resolve(options.server, client::process_environment), limits);
  const auto model = client.choose_model(options.model);
  auto questions = probes::decode_battery(probes::built_in_battery());
  const auto abilities = client::abilities_of(client.get("/v1/models").body, model);
  if (!abilities.no_chat.empty())
    throw Error(ErrorCode::kInvalid,
                client::prompts_alone(client.endpoint().url, model, abilities.no_chat));
  const auto skipped =
      static_cast<std::size_t>(std::erase_if(questions, [&](const probes::Question& question) {
        const std::string why = skipped_because(question, abilities);
        if (!why.empty() && !options.json)
          std::cout << "SKIP " << question.kind << " " << question.name << ": " << why << "\n";
        return !why.empty();
      }));
  const auto marks = run_battery(questions, client, model, [&](const probes::Mark& mark) {
    if (!options.json) std::cout << mark_line(mark) << std::endl;
  });
  const auto right = right_count(marks);
  if (options.json) {
    std::cout << marks_json(model, marks) << "\n";
  } else {
    std::cout << right << "/" << marks.size();
    if (skipped > 0) std::cout << ", " << skipped << " skipped";
    std::cout << "\n";
  }
  return right == marks.size() ? 0 : 1;
}

}  // namespace

void add_smoke(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand(
      "smoke",
      "Ask a server ten questions with known answers: five of text, four about pictures, "
      "one tool call");
  add_server_options(command, options->server);
  command.add_option("--model", options->model, "Model to ask (default: the server's first)");
  command.add_option("--timeout", options->timeout_s, "Longest wait for one answer, in seconds")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.add_flag("--json", options->json, "One JSON object instead of a line per question");
  command.footer(
      "Works against any server that speaks OpenAI's API. Questions are asked one after another,\n"
      "greedily; those about pictures and tools only of models that do not say that they know\n"
      "neither.\n"
      "\n"
      "Examples:\n"
      "  sanctum smoke\n"
      "  sanctum smoke --url https://127.0.0.1:1337 --json\n"
      "  sanctum smoke --url http://other:8000/v1 --model some-vision-model\n"
      "\n" +
      exit_codes("full marks", "a wrong answer"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
