// The gateway, its supervisor and the command line. Never links MLX or Rust.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "apps/commands.h"
#include "apps/usage_error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "platform/descriptors.h"

namespace {

using Add = void (*)(CLI::App&, int&);

// A command is one row. `serve` comes first by itself, because it wants to know its words.
struct Row {
  const char* group;
  Add add;
};
constexpr const char* kServe = "Serve";
constexpr const char* kAsk = "Ask";
constexpr const char* kProve = "Prove";
constexpr const char* kLookAfter = "Look after";
constexpr Row kCommands[] = {
    {kServe, sanctum::add_status},      {kServe, sanctum::add_stop},
    {kServe, sanctum::add_restart},     {kServe, sanctum::add_worker},
    {kServe, sanctum::add_fallback},    {kServe, sanctum::add_switch},
    {kServe, sanctum::add_config},      {kAsk, sanctum::add_chat},
    {kAsk, sanctum::add_launch},        {kAsk, sanctum::add_models},
    {kProve, sanctum::add_smoke},       {kProve, sanctum::add_stress},
    {kProve, sanctum::add_probe},       {kProve, sanctum::add_incidents},
    {kLookAfter, sanctum::add_service}, {kLookAfter, sanctum::add_doctor},
    {kLookAfter, sanctum::add_keys},    {kLookAfter, sanctum::add_certs},
    {kLookAfter, sanctum::add_release},
};

constexpr const char* kFooter =
    "`sanctum COMMAND --help` has examples.\n"
    "\n"
    "Exit codes: 0 done, or yes; 1 the answer is no; 2 it could not be done, and standard error\n"
    "says why and what to do. `serve` has more of them, and says which.";

void put_last_into(CLI::App& app, const char* group) {
  app.get_subcommands([](const CLI::App*) { return true; }).back()->group(group);
}

}  // namespace

int main(int argc, char** argv) {
  sanctum::platform::open_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of files' sizes is an error that is told
  if (const std::string slip = sanctum::help_by_slip({argv + std::min(argc, 1), argv + argc});
      !slip.empty()) {
    std::fputs(slip.c_str(), stderr);
    return sanctum::kExitUsage;
  }
  CLI::App app{"Serves local language and vision models, and proves that it does.", "sanctum"};
  app.set_version_flag("--version", SANCTUM_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  app.failure_message(sanctum::usage_error);
  int exit_code = 0;
  sanctum::add_serve(app, {argv + std::min(argc, 2), argv + argc}, exit_code);
  put_last_into(app, kServe);
  for (const Row& row : kCommands) {
    row.add(app, exit_code);
    put_last_into(app, row.group);
  }
  sanctum::add_parts_of_serve(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : sanctum::kExitUsage;
  } catch (const std::exception& error) {
    sanctum::log::last_words(std::string("sanctum: ") + error.what());
    return sanctum::kExitFailure;
  }
  return exit_code;
}
