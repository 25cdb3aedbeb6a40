#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "client/status_table.h"

namespace sanctum {
namespace {

struct Options {
  client::EndpointOptions server;
  bool json = false;
  int wait_s = 0;
};

constexpr std::chrono::milliseconds kLookEvery{200};

client::ServerStatus ask(const Options& options) {
  const Instant end = Clock::now() + std::chrono::seconds(options.wait_s);
  while (true) {
    try {
      client::ChatClient client(resolve(options.server, client::process_environment));
      auto status = client::ask_status(client);
      if (status.readiness == client::Readiness::kReady || Clock::now() >= end) return status;
    } catch (const Error& error) {
      // Where it listens is not known before it does.
      if (error.code() != ErrorCode::kUnavailable || Clock::now() >= end) throw;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

int run(const Options& options) {
  const auto status = ask(options);
  std::cout << (options.json ? client::status_json(status) + "\n" : client::status_table(status));
  const bool well = status.readiness != client::Readiness::kReady || status.wrong.empty();
  return well ? static_cast<int>(status.readiness) : kExitNo;
}

}  // namespace

void add_status(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("status", "Show what a server is doing");
  add_server_options(command, options->server);
  command.add_flag("--json", options->json, "One JSON object instead of a table");
  command.add_option("--wait", options->wait_s, "Seconds to wait until it is ready")
      ->check(CLI::Range(0, 86400))
      ->capture_default_str();
  command.footer(
      "Examples:\n"
      "  sanctum status\n"
      "  sanctum status --wait 60   # in a script, behind `sanctum serve &`\n"
      "  sanctum status --json --url https://127.0.0.1:1337\n"
      "\n" +
      exit_codes("ready, and nothing is wrong",
                 "up but not ready, or a model could not be loaded, or an incident of level error "
                 "or page is open"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
