// sanctum switch: takes a part of a running server out, or puts it back.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"
#include "wire/switches.h"

namespace sanctum {
namespace {

struct Options {
  std::string state_dir, name, position;
};

int run(const Options& options) {
  client::ControlClient control(state_dir_or_default(options.state_dir));
  json::Writer w;
  w.begin_object().field("name", options.name).field("on", options.position == "on").end_object();
  const json::Document told = options.name.empty() ? control.ask("GET", "/switches")
                                                   : control.ask("POST", "/switches", w.take());
  const auto switches = wire::decode_switches(told.root());
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
  add_state_dir(command, options->state_dir);
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
      "\n" +
      exit_codes("done"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
