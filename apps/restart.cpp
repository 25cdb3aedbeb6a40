// sanctum restart: a planned restart of a running server, if it would come up again.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"
#include "serve/ask_boots.h"

namespace sanctum {
namespace {

constexpr const char* kWhatIsReplaced =
    "What is replaced by     the engine  the server  settings   running requests\n"
    "  worker restart        yes         no          as before  go on with the next engine\n"
    "  restart, restart_at   yes         yes         read anew  finish first, within --drain\n"
    "  service restart       yes         yes         read anew  finish first, within --drain\n"
    "  a crash of the engine yes         no          as before  go on with the next engine\n";

// What it found last may be minutes old: it is asked anew. Empty: nothing speaks against it.
std::string objection(const std::string& state) {
  std::printf("asking whether it would come up again ...\n");
  std::fflush(stdout);
  try {
    for (const auto& check : serve::ask_boots(state))
      if (!check.passed) return check.name + ": " + check.detail;
  } catch (const Error&) {  // without probes the server decides alone
  }
  return {};
}

int run(const std::string& state) {
  json::Writer w;
  w.begin_object().field("wrong", objection(state)).end_object();
  try {
    client::ControlClient(state).ask("POST", "/restart", w.take());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw;
    std::fprintf(stderr, "sanctum restart: it would not come up: %s\n", error.what());
    return kExitNo;
  }
  std::printf("running requests finish, then it starts again\n");
  return 0;
}

}  // namespace

void add_restart(CLI::App& app, int& exit_code) {
  const auto state = std::make_shared<std::string>();
  auto& command = *app.add_subcommand("restart", "Restart a server, if it would come up again");
  add_state_dir(command, *state);
  command.footer(
      "What the probe 'boots' finds wrong is why it is refused: it is asked now, and for\n"
      "`serve --restart-at` every few minutes.\n"
      "\n" +
      std::string(kWhatIsReplaced) +
      "\n"
      "Example:\n"
      "  sanctum restart\n"
      "\n" +
      exit_codes("it restarts", "it would not come up"));
  on_chosen(command, exit_code, [state] { return run(state_dir_or_default(*state)); });
}

}  // namespace sanctum
