// sanctum serve: everything from one command. Starts the gateway's process and keeps it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#include "apps/commands.h"
#include "apps/exit.h"
#include "apps/gateway_process.h"
#include "apps/keeper.h"
#include "apps/part.h"
#include "apps/probes_process.h"
#include "apps/resolved_config.h"
#include "base/log.h"
#include "base/temporary_lack.h"
#include "platform/private_files.h"

namespace sanctum {
namespace {

template <class Action>
int exit_code_of(Action action) {
  try {
    return action();
  } catch (const Exit& exit) {
    log::last_words("sanctum: " + exit.message);
    return exit.code;
  } catch (const std::system_error& error) {
    log::last_words(std::string("sanctum: ") + error.what());
    return is_temporary_lack(error.code()) ? kExitTryAgain : kExitFailure;
  }
}

}  // namespace

void add_serve(CLI::App& app, const std::vector<std::string>& arguments, int& exit_code) {
  auto* command = app.add_subcommand("serve", "Serve models over HTTP and mutual TLS");
  command->footer(
      "A line `ready URL...` appears on standard output when a model can be asked.\n"
      "SIGTERM and Ctrl-C let running requests finish for a few seconds; a second one, or SIGQUIT, "
      "ends at\n"
      "once. Settings are read at the start and at a planned restart, never in between.\n"
      "Exit codes: 0 stopped as asked, 1 failure, 2 wrong usage, 3 stopped and requests were cut,\n"
      "64 another sanctum serves this state directory, 69 an address is in use, 78 bad "
      "configuration file.");
  const auto told = std::make_shared<ServeConfig>();
  const auto options = add_serve_options(*command, *told);
  const auto check = std::make_shared<bool>(false);
  command->add_flag("--check", *check,
                    "Only check what is configured, and print it as a configuration file");
  command->callback([=, &exit_code] {
    exit_code = exit_code_of([&] {
      const auto now = [&] { return resolve(*options, *told, arguments); };
      const ServeConfig config = now();
      if (!*check) return keep(config, now);
      std::printf("%s", as_toml(*options, config).c_str());
      return 0;
    });
  });
}

namespace {

// A part of `serve` in a process of its own; not for people.
void add_part(CLI::App& app, const char* name, int (*run)(const ServeConfig&, int),
              int& exit_code) {
  auto* command = app.add_subcommand(name, "A part of `serve`; started by it");
  command->group("");
  command->callback([run, &exit_code] {
    exit_code = exit_code_of([&] {
      platform::make_files_private();
      const ServeConfig config = or_exit(kExitUsage, [] { return handed_down(kConfigDescriptor); });
      or_exit(kExitUsage, [&] { log::set_level(config.log_level); });
      return run(config, kKeeperSocket);
    });
  });
}

}  // namespace

void add_parts_of_serve(CLI::App& app, int& exit_code) {
  add_part(app, "gateway", run_gateway, exit_code);
  add_part(app, "probes", run_probes, exit_code);
}

}  // namespace sanctum
