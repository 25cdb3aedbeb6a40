// sanctum worker start|restart: the engine of a server that runs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLookEvery{100};
constexpr milliseconds kHearingLimit{1000};

struct Options {
  std::string state_dir;
  std::string engine;
  int limit_s = 120;
};

struct Engine {
  std::string state, reason;
  std::int64_t restarts = 0;
};

Engine engine_of(client::ControlClient& control) {
  const json::Document document = control.ask("GET", "/status");
  const json::Node engine = document.root().at("engine");
  Engine found{engine.at("state").as_string(), {}, engine.at("restarts").as_int(0, 1 << 30)};
  found.reason = engine.as_string_or("reason", "");
  return found;
}

// Why the program that was to replace the engine's does not run; empty: it does.
std::string replacement_refused(client::ControlClient& control) {
  const json::Document document = control.ask("GET", "/status");
  for (const json::Node& incident : document.root().at("incidents").as_array()) {
    if (incident.at("key").as_string() == "worker.replacement")
      return incident.at("what").as_string();
  }
  return {};
}

// Which models it could not load, and why; empty for none.
std::string failed_models(client::ControlClient& control) {
  const json::Document document = control.ask("GET", "/status");
  std::string all;
  for (const json::Node& model : document.root().at("models").as_array()) {
    if (model.at("state").as_string() != "failed") continue;
    const auto failure = model.get("failure");
    all += "'" + model.at("model").as_string() + "' could not be loaded" +
           (failure ? ": " + failure->as_string_or("message", "") : "") + "\n";
  }
  return all;
}

// Waits until it is ready again, or stays parked; says what came of it.
int settled(client::ControlClient& control, const Engine& before, const Options& options) {
  const Instant end = Clock::now() + seconds(options.limit_s);
  Engine now = engine_of(control);
  // It may take a moment until it has heard.
  const Instant heard = Clock::now() + kHearingLimit;
  const auto over = [&] {
    const bool another = now.restarts != before.restarts;
    return (now.state == "ready" && another) ||
           (now.state == "parked" && (another || Clock::now() > heard));
  };
  while (!over() && Clock::now() < end) {
    std::this_thread::sleep_for(kLookEvery);
    now = engine_of(control);
  }
  // A program that could not be kept running has made way for the former one.
  const std::string refused = options.engine.empty() ? "" : replacement_refused(control);
  if (!refused.empty()) std::printf("%s: %s\n", options.engine.c_str(), refused.c_str());
  std::printf("the engine is %s%s%s\n", now.state.c_str(), now.reason.empty() ? "" : ": ",
              now.reason.c_str());
  const std::string failed = now.state == "ready" ? failed_models(control) : "";
  std::printf("%s", failed.c_str());
  return now.state == "ready" && refused.empty() && failed.empty() ? 0 : kExitNo;
}

int start(client::ControlClient& control, const Options& options) {
  const Engine before = engine_of(control);
  if (before.state == "ready" || before.state == "loading") {
    std::printf("the engine is %s\n", before.state.c_str());
    return 0;
  }
  std::printf("the engine was %s: %s\nstarting it ...\n", before.state.c_str(),
              before.reason.c_str());
  std::fflush(stdout);
  control.ask("POST", "/worker/start");
  return settled(control, before, options);
}

int restart(client::ControlClient& control, const Options& options) {
  const Engine before = engine_of(control);
  std::printf("restarting the engine; requests that run wait for it, and go on ...\n");
  std::fflush(stdout);
  json::Writer w;
  w.begin_object();
  if (!options.engine.empty())
    w.field("engine", std::filesystem::absolute(options.engine).lexically_normal().string());
  w.end_object();
  control.ask("POST", "/worker/restart", w.take());
  return settled(control, before, options);
}

void add(CLI::App& worker, const char* name, const char* what,
         const std::shared_ptr<Options>& options, int& exit_code,
         int (*action)(client::ControlClient&, const Options&)) {
  auto& command = *worker.add_subcommand(name, what);
  add_state_dir(command, options->state_dir);
  command.add_option("--limit", options->limit_s, "Seconds to wait until it is ready")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.footer("Example:\n  sanctum worker " + std::string(name) + "\n\n" +
                 exit_codes("it is ready", "it is not, or not with the program that was given"));
  on_chosen(command, exit_code, [options, action] {
    client::ControlClient control(state_dir_or_default(options->state_dir));
    return action(control, *options);
  });
}

}  // namespace

void add_worker(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& worker = *app.add_subcommand("worker", "The engine's process that a server keeps");
  worker.require_subcommand(1);
  add(worker, "start", "Start it now, also when it was given up (parked)", options, exit_code,
      start);
  add(worker, "restart", "Another one takes its place, and goes on with the requests that run",
      options, exit_code, restart);
  worker.get_subcommand("restart")->add_option(
      "--engine", options->engine,
      "The program from now on, until the server itself is restarted; if it cannot be kept "
      "running, the one before comes back");
}

}  // namespace sanctum
