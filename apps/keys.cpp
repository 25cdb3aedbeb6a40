// sanctum keys add|list|remove: who may use the plain listener.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"
#include "gateway/api_key_file.h"
#include "settings/state_directory.h"

namespace sanctum {
namespace {

struct KeysOptions {
  std::string state_dir;
  std::string name;
  bool json = false;
  std::string state() const { return state_dir_or_default(state_dir); }
};

constexpr const char* kNobodyServes =
    " No server runs with it now: if yours runs with another, give its --state-dir.";

bool serves(const std::string& state) {
  std::error_code ignored;
  return std::filesystem::exists(client::control_socket(state), ignored);
}

void add_key(const KeysOptions& options) {
  const std::string state = options.state();
  settings::make_state_dir(state);
  std::string key;
  std::size_t count = 0;
  gateway::change_keys(state, [&](gateway::ApiKeys& keys) {
    key = keys.add(options.name, std::time(nullptr));
    count = keys.list().size();
  });
  std::printf("%s\n", key.c_str());
  std::fprintf(stderr,
               "This is the only time that the key of '%s' is shown. Send it as `Authorization: "
               "Bearer KEY`.\n",
               options.name.c_str());
  if (count == 1)
    std::fprintf(stderr,
                 "It is the first key: from now on the server with the state directory %s "
                 "refuses plain HTTP without one.%s\n",
                 state.c_str(), serves(state) ? "" : kNobodyServes);
}

void remove_key(const KeysOptions& options) {
  std::size_t count = 0;
  gateway::change_keys(options.state(), [&](gateway::ApiKeys& keys) {
    keys.remove(options.name);
    count = keys.list().size();
  });
  std::printf("removed the key of '%s'\n", options.name.c_str());
  std::fflush(stdout);
  if (count == 0)
    std::fprintf(stderr,
                 "It was the last key: from now on plain HTTP of the server with the state "
                 "directory %s needs none.%s\n",
                 options.state().c_str(), serves(options.state()) ? "" : kNobodyServes);
}

void list_keys(const KeysOptions& options) {
  const gateway::ApiKeys keys = gateway::read_keys(options.state());
  json::Writer w;
  w.begin_array();
  for (const auto& key : keys.list()) {
    const std::time_t seconds = key.created_unix_s;
    std::tm local{};
    ::localtime_r(&seconds, &local);
    char day[32];
    std::strftime(day, sizeof day, "%Y-%m-%d %H:%M", &local);
    if (!options.json) std::printf("%-32s made %s\n", key.name.c_str(), day);
    w.begin_object().field("name", key.name).field("created_unix_s", key.created_unix_s);
    w.end_object();
  }
  w.end_array();
  if (options.json) std::printf("%s\n", w.take().c_str());
  if (!options.json && keys.list().empty())
    std::printf("there is no key in %s; plain HTTP needs none\n", options.state().c_str());
}

}  // namespace

void add_keys(CLI::App& app, int& exit_code) {
  auto* keys = app.add_subcommand("keys", "API keys of the plain listener: add, list, remove");
  keys->require_subcommand(1);
  keys->footer(
      "As soon as there is a key, a plain listener wants one for everything but /health and\n"
      "/ready. A running server knows of a change with its next request. Our own commands find "
      "the\n"
      "key that their server made for its user; elsewhere they take --api-key or SANCTUM_API_KEY.\n"
      "\n"
      "Examples:\n"
      "  sanctum keys add editor\n"
      "  sanctum keys list\n"
      "\n" +
      exit_codes("done"));
  const auto options = std::make_shared<KeysOptions>();
  const auto add = [&](const char* name, const char* what, void (*run)(const KeysOptions&)) {
    auto* command = keys->add_subcommand(name, what);
    add_state_dir(*command, options->state_dir);
    on_chosen(*command, exit_code, [options, run] {
      run(*options);
      return 0;
    });
    return command;
  };
  add("add", "Make a key and show it, once", add_key)
      ->add_option("name", options->name, "Whose it is, for log and journal")
      ->required();
  add("list", "The names of the keys", list_keys)
      ->add_flag("--json", options->json, "One JSON array");
  add("remove", "Take a key away", remove_key)
      ->add_option("name", options->name, "Which")
      ->required();
}

}  // namespace sanctum
