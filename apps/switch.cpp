// sanctum switch: takes a part of a running server out, or puts it back.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "apps/commands.h"
#include "apps/control_socket.h"
#include "apps/serve_config.h"
#include "base/error.h"
#include "base/json.h"
#include "wire/switches.h"

namespace sanctum {
namespace {

constexpr int kExitNobody = 2;
constexpr std::chrono::seconds kCallLimit{5};

struct Options {
  std::string state_dir, name, position;
};

int run(const Options& options) {
  const std::string state = options.state_dir.empty() ? default_state_dir() : options.state_dir;
  client::HttpCall call{"GET", "/switches"};
  if (!options.name.empty()) {
    json::Writer w;
    w.begin_object().field("name", options.name).field("on", options.position == "on").end_object();
    call.method = "POST";
    call.body = w.take();
  }
  client::Connection connection = control_connection(state);
  const auto reply = connection.send(call, {kCallLimit, kCallLimit, kCallLimit});
  if (reply.ending != client::Ending::kAnswered || reply.status != 200) {
    std::fprintf(stderr, "sanctum switch: %s\n",
                 reply.ending == client::Ending::kAnswered
                     ? refusal(reply).c_str()
                     : "no server answers on its control socket; is `sanctum serve` running with "
                       "this --state-dir?");
    return kExitNobody;
  }
  const json::Document document(reply.body);
  const auto switches = wire::decode_switches(document.root());
  for (const auto& [name, value] : wire::kSwitchNames)
    std::printf("%-13s %s\n", std::string(name).c_str(), switches.*value ? "on" : "OFF");
  return 0;
}

}  // namespace

void add_switch(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("switch", "Show the kill switches of a server, or turn one");
  std::vector<std::string> names;
  names.reserve(std::size(wire::kSwitchNames));
  for (const auto& [name, value] : wire::kSwitchNames) names.emplace_back(name);
  auto* name = command.add_option("name", options->name, "Which")->check(CLI::IsMember(names));
  auto* position = command.add_option("position", options->position, "on or off")
                       ->check(CLI::IsMember({"on", "off"}));
  name->needs(position);
  command
      .add_option("--state-dir", options->state_dir,
                  "The server's (default: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum)")
      ->type_name("DIR")
      ->envname("SANCTUM_STATE_DIR");
  command.footer(
      "  compile       MLX compiles graphs\n"
      "  prefix-cache  prefixes are kept and found between requests\n"
      "  vision        pictures are taken\n"
      "  batching      sequences run together; off: one at a time\n"
      "  admission     requests wait for a place and for memory, or are refused\n"
      "\n"
      "A switch takes effect with the engine's next step, without a restart, and stays as it is "
      "over\n"
      "restarts.\n"
      "\n"
      "Examples:\n"
      "  sanctum switch\n"
      "  sanctum switch vision off\n"
      "\n"
      "Exit codes: 0 done, 2 no server answers, or it refuses");
  command.callback([options, &exit_code] {
    try {
      exit_code = run(*options);
    } catch (const Error& error) {
      std::fprintf(stderr, "sanctum switch: %s\n", error.what());
      exit_code = kExitNobody;
    }
  });
}

}  // namespace sanctum
