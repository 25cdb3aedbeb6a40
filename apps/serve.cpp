// sanctum serve: everything from one command. Starts the gateway's process and keeps it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "apps/commands.h"
#include "apps/exit.h"
#include "apps/gateway_process.h"
#include "apps/keeper.h"
#include "apps/probes_process.h"
#include "apps/serve_options.h"
#include "base/log.h"

namespace sanctum {
namespace {

template <class Action>
int exit_code_of(Action action) {
  try {
    return action();
  } catch (const Exit& exit) {
    std::fprintf(stderr, "sanctum: %s\n", exit.message.c_str());
    return exit.code;
  }
}

}  // namespace

void add_serve(CLI::App& app, const std::vector<std::string>& arguments, int& exit_code) {
  auto* command = app.add_subcommand("serve", "Serve models over HTTP and mutual TLS");
  command->footer(
      "A line `ready URL...` appears on standard output when a model can be asked.\n"
      "SIGTERM and Ctrl-C let running requests finish for a few seconds; a second one ends at "
      "once.\n"
      "Exit codes: 0 stopped as asked, 1 failure, 2 wrong usage, 3 stopped and requests were cut,\n"
      "64 another sanctum serves this state directory, 69 an address is in use, 78 bad "
      "configuration file.");
  const auto config = std::make_shared<ServeConfig>();
  const auto read_file = add_serve_options(*command, *config);
  command->callback([config, read_file, arguments, &exit_code] {
    exit_code = exit_code_of([&] {
      read_file();
      or_exit(kExitUsage, [&] { log::set_level(config->log_level); });
      return keep(*config, arguments);
    });
  });
}

namespace {

// A part of `serve` in a process of its own; not for people.
void add_part(CLI::App& app, const char* name, int (*run)(const ServeConfig&, int),
              int& exit_code) {
  auto* command = app.add_subcommand(name, "A part of `serve`; started by it");
  command->group("");
  const auto config = std::make_shared<ServeConfig>();
  const auto keeper = std::make_shared<int>(-1);
  const auto read_file = add_serve_options(*command, *config);
  command->add_option("--keeper-fd", *keeper, "A socket to who started it")->required();
  command->callback([config, keeper, read_file, run, &exit_code] {
    exit_code = exit_code_of([&] {
      read_file();
      or_exit(kExitUsage, [&] { log::set_level(config->log_level); });
      return run(*config, *keeper);
    });
  });
}

}  // namespace

void add_parts_of_serve(CLI::App& app, int& exit_code) {
  add_part(app, "gateway", run_gateway, exit_code);
  add_part(app, "probes", run_probes, exit_code);
}

}  // namespace sanctum
