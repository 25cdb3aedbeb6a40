// sanctum restart: a planned restart of a running server, if it would come up again.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "apps/commands.h"
#include "apps/control_socket.h"
#include "apps/serve_config.h"
#include "base/error.h"

namespace sanctum {
namespace {

constexpr int kExitRefused = 1;
constexpr int kExitNobody = 2;
constexpr std::chrono::seconds kCallLimit{5};

int run(const std::string& state) {
  client::Connection connection = control_connection(state);
  const auto reply =
      connection.send({"POST", "/restart", "{}"}, {kCallLimit, kCallLimit, kCallLimit});
  if (reply.ending != client::Ending::kAnswered) {
    std::fprintf(stderr,
                 "sanctum restart: no server answers on its control socket; is `sanctum serve` "
                 "running with this --state-dir?\n");
    return kExitNobody;
  }
  if (reply.status != 204) {
    std::fprintf(stderr, "sanctum restart: it would not come up: %s\n", refusal(reply).c_str());
    return kExitRefused;
  }
  std::printf("running requests finish, then it starts again\n");
  return 0;
}

}  // namespace

void add_restart(CLI::App& app, int& exit_code) {
  const auto state = std::make_shared<std::string>();
  auto& command = *app.add_subcommand("restart", "Restart a server, if it would come up again");
  command
      .add_option("--state-dir", *state,
                  "The server's (default: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum)")
      ->type_name("DIR")
      ->envname("SANCTUM_STATE_DIR");
  command.footer(
      "What the probe 'boots' found wrong is why it is refused; `serve --restart-at` does the same "
      "at "
      "its time.\n"
      "\n"
      "Exit codes: 0 it restarts, 1 it would not come up, 2 no server answers");
  command.callback([state, &exit_code] {
    try {
      exit_code = run(state->empty() ? default_state_dir() : *state);
    } catch (const Error& error) {
      std::fprintf(stderr, "sanctum restart: %s\n", error.what());
      exit_code = kExitNobody;
    }
  });
}

}  // namespace sanctum
