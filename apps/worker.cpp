// sanctum worker start|restart: the engine of a server that runs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "apps/commands.h"
#include "apps/control_socket.h"
#include "apps/serve_config.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kExitStays = 1;
constexpr int kExitNobody = 2;
constexpr milliseconds kLookEvery{100};
constexpr milliseconds kHearingLimit{1000};
constexpr seconds kCallLimit{5};

struct Options {
  std::string state_dir;
  std::string engine;
  int limit_s = 120;
};

struct Engine {
  std::string state, reason;
  std::int64_t restarts = 0;
};

client::HttpReply asked(client::Connection& connection, const std::string& method,
                        const std::string& path, const std::string& body = "{}") {
  client::Limits limits;
  limits.connect = limits.silence = limits.total = kCallLimit;
  client::HttpReply reply = connection.send({method, path, body}, limits);
  if (reply.ending == client::Ending::kAnswered && reply.status < 300) return reply;
  if (reply.ending == client::Ending::kAnswered)
    throw Error(ErrorCode::kUnavailable, "the server refuses: " + refusal(reply));
  throw Error(ErrorCode::kUnavailable, "nobody answers on " + connection.endpoint().socket + " (" +
                                           reply.message +
                                           "); is `sanctum serve` running with this --state-dir?");
}

Engine engine_of(client::Connection& connection) {
  const client::HttpReply reply = asked(connection, "GET", "/status");
  const json::Document document(reply.body);
  const json::Node engine = document.root().at("engine");
  Engine found{engine.at("state").as_string(), {}, engine.at("restarts").as_int(0, 1 << 30)};
  found.reason = engine.as_string_or("reason", "");
  return found;
}

// Waits until it is ready again, or stays parked; says what came of it.
int settled(client::Connection& connection, const Engine& before, const Options& options) {
  const Instant end = Clock::now() + seconds(options.limit_s);
  Engine now = engine_of(connection);
  // It may take a moment until it has heard.
  const Instant heard = Clock::now() + kHearingLimit;
  const auto over = [&] {
    const bool another = now.restarts != before.restarts;
    return (now.state == "ready" && another) ||
           (now.state == "parked" && (another || Clock::now() > heard));
  };
  while (!over() && Clock::now() < end) {
    std::this_thread::sleep_for(kLookEvery);
    now = engine_of(connection);
  }
  std::printf("the engine is %s%s%s\n", now.state.c_str(), now.reason.empty() ? "" : ": ",
              now.reason.c_str());
  return now.state == "ready" ? 0 : kExitStays;
}

int start(client::Connection& connection, const Options& options) {
  const Engine before = engine_of(connection);
  if (before.state == "ready" || before.state == "loading") {
    std::printf("the engine is %s\n", before.state.c_str());
    return 0;
  }
  std::printf("the engine was %s: %s\nstarting it ...\n", before.state.c_str(),
              before.reason.c_str());
  std::fflush(stdout);
  asked(connection, "POST", "/worker/start");
  return settled(connection, before, options);
}

int restart(client::Connection& connection, const Options& options) {
  const Engine before = engine_of(connection);
  std::printf("restarting the engine; requests that run wait for it, and go on ...\n");
  std::fflush(stdout);
  json::Writer w;
  w.begin_object();
  if (!options.engine.empty())
    w.field("engine", std::filesystem::absolute(options.engine).lexically_normal().string());
  w.end_object();
  asked(connection, "POST", "/worker/restart", w.take());
  return settled(connection, before, options);
}

void add(CLI::App& worker, const char* name, const char* what,
         const std::shared_ptr<Options>& options, int& exit_code,
         int (*action)(client::Connection&, const Options&)) {
  auto& command = *worker.add_subcommand(name, what);
  command
      .add_option("--state-dir", options->state_dir,
                  "The server's (default: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum)")
      ->type_name("DIR")
      ->envname("SANCTUM_STATE_DIR");
  command.add_option("--limit", options->limit_s, "Seconds to wait until it is ready")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.footer("Exit codes: 0 it is ready, 1 it is not, 2 no server answers, or it refuses");
  command.callback([options, &exit_code, action] {
    try {
      const std::string state =
          options->state_dir.empty() ? default_state_dir() : options->state_dir;
      client::Connection connection = control_connection(state);
      exit_code = action(connection, *options);
    } catch (const Error& error) {
      std::fprintf(stderr, "sanctum worker: %s\n", error.what());
      exit_code = kExitNobody;
    }
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
