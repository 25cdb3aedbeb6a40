#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "client/status_table.h"

namespace sanctum {
namespace {

struct Options {
  client::EndpointOptions server;
  bool json = false;
};

int run(const Options& options) {
  client::ChatClient client(resolve(options.server, client::process_environment));
  const auto status = client::ask_status(client);
  std::cout << (options.json ? client::status_json(status) + "\n" : client::status_table(status));
  return static_cast<int>(status.readiness);
}

}  // namespace

void add_status(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("status", "Show what a server is doing");
  add_server_options(command, options->server);
  command.add_flag("--json", options->json, "One JSON object instead of a table");
  command.footer(
      "Examples:\n"
      "  sanctum status\n"
      "  sanctum status --json --url https://127.0.0.1:1337\n"
      "\n" +
      exit_codes("ready", "up but not ready"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
