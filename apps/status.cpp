#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "apps/commands.h"
#include "apps/server_options.h"
#include "base/error.h"
#include "client/status_table.h"

namespace sanctum {
namespace {

struct Options {
  client::EndpointOptions server;
  bool json = false;
};

int run(const Options& options) {
  try {
    client::ChatClient client(resolve(options.server, client::process_environment));
    const auto status = client::ask_status(client);
    std::cout << (options.json ? client::status_json(status) + "\n" : client::status_table(status));
    return static_cast<int>(status.readiness);
  } catch (const Error& error) {
    std::cerr << "sanctum status: " << error.what() << "\n";
    return 2;
  }
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
      "\n"
      "Exit codes: 0 ready, 1 up but not ready, 2 unreachable or bad options");
  command.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace sanctum
