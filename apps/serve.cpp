// sanctum serve: everything from one command. Starts the gateway's process and keeps it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/temporary_lack.h"
#include "gateway/described.h"
#include "platform/private_files.h"
#include "serve/gateway_process.h"
#include "serve/keeper.h"
#include "serve/load_check.h"
#include "serve/part.h"
#include "serve/probes_process.h"
#include "settings/handed_config.h"
#include "settings/reference.h"
#include "settings/resolve.h"

namespace sanctum {
namespace {

using settings::ServeConfig;

// What the system lacks for a while is worth another try, unlike what is wrong.
int or_try_again(const std::function<int()>& action) {
  try {
    return action();
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
      "SIGTERM and Ctrl-C let running requests finish within --drain; a second one, or SIGQUIT, "
      "ends at\n"
      "once. Settings are read at the start and at a planned restart, never in between.\n"
      "\n"
      "Examples:\n"
      "  sanctum serve\n"
      "  sanctum serve ~/models/qwen3 --listen 0.0.0.0:8080 --kv-bytes 8GiB\n"
      "  sanctum serve --config sanctum.toml --check\n"
      "\n"
      "Exit codes: 0 stopped as asked, 1 failure, 2 wrong usage, 3 stopped and requests were cut,\n"
      "64 another sanctum serves this state directory, 69 an address is in use, 78 bad "
      "configuration file.");
  const auto options = std::make_shared<settings::ServeOptions>(*command);
  const auto check = std::make_shared<bool>(false), reference = std::make_shared<bool>(false),
             fields = std::make_shared<bool>(false), settings_only = std::make_shared<bool>(false),
             loads_only = std::make_shared<bool>(false);
  command->add_flag(
      "--check", *check,
      "Only print what is configured, as a configuration file, and check it and whether "
      "a model could be loaded");
  command->add_flag("--settings-only", *settings_only, "With --check: ask no engine about models");
  command->add_flag("--loads-only", *loads_only,
                    "With --check: only whether any model could be loaded");
  command->add_flag("--reference", *reference, "Only print every setting, as docs/settings.md");
  command->add_flag("--fields", *fields, "Only print every field of a request, as docs/fields.md");
  on_chosen(*command, exit_code, [=] {
    return or_try_again([&] {
      if (*reference) {
        std::printf("%s", settings::reference_page().c_str());
        return 0;
      }
      if (*fields) {
        std::printf("%s", gateway::fields_page(gateway::field_groups()).c_str());
        return 0;
      }
      const auto now = [&] { return resolve(*options, arguments); };
      const ServeConfig config = now();
      if (!*check) return serve::keep(config, now);
      if (*loads_only) {
        const std::string missing = serve::engine_missing(config);
        const auto checked =
            missing.empty() ? serve::check_loads(config, true) : serve::LoadsChecked{{}, missing};
        const bool both = !checked.failing.empty() && !checked.not_told.empty();
        std::printf("%s%s%s\n", checked.failing.c_str(), both ? "; " : "",
                    checked.not_told.c_str());
        return 0;
      }
      std::printf("%s", explain(*options, config).c_str());
      std::fflush(stdout);
      if (*settings_only) return 0;
      const auto checked = serve::check_loads(config, true);
      if (!checked.failing.empty()) throw Exit{kExitFailure, checked.failing};
      if (!checked.not_told.empty())
        std::printf("# whether a model could be loaded was not told: %s\n",
                    checked.not_told.c_str());
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
  on_chosen(*command, exit_code, [run] {
    return or_try_again([&] {
      platform::make_files_private();
      const ServeConfig config =
          or_exit(kExitUsage, [] { return settings::handed_down(serve::kConfigDescriptor); });
      or_exit(kExitUsage, [&] { log::set_level(config.log_level); });
      return run(config, serve::kKeeperSocket);
    });
  });
}

}  // namespace

void add_parts_of_serve(CLI::App& app, int& exit_code) {
  add_part(app, "gateway", serve::run_gateway, exit_code);
  add_part(app, "probes", serve::run_probes, exit_code);
}

}  // namespace sanctum
