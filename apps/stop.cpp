// sanctum stop: ends a server and proves that it has ended.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"
#include "client/serving_file.h"
#include "gateway/listener.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "platform/port.h"
#include "platform/process.h"
#include "platform/service_manager.h"
#include "serve/requests_cut.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLookEvery{50};
constexpr seconds kSayEvery{2};
constexpr milliseconds kAskLimit{500};  // a server that hangs is stopped all the same
constexpr double kMiB = 1 << 20;

struct Options {
  std::string state_dir;
  int limit_s = 60;
  bool now = false;
};

bool alive(int pid) {
  return platform::is_running(pid);
}

// Until nothing is left, or the time is up; says so now and then.
template <class Remains>
bool wait_until_gone(Remains remains, seconds limit) {
  const Instant begin = Clock::now();
  Instant say = begin + kSayEvery;
  while (remains()) {
    const Instant now = Clock::now();
    if (now - begin >= limit) return false;
    if (now >= say) {
      say = now + kSayEvery;
      std::printf("  waiting for running requests, %lld s ...\n",
                  static_cast<long long>(std::chrono::duration_cast<seconds>(now - begin).count()));
      std::fflush(stdout);
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

bool proven(const char* what, bool held) {
  std::printf("  %s %s\n", held ? "yes" : "NO ", what);
  return held;
}

bool closed(const std::string& address, const char* name) {
  if (address.empty()) return true;
  const gateway::Address where = gateway::parse_address(address, "serving.json");
  const std::string what = std::string(name) + " " + address + " is closed";
  return proven(what.c_str(), !platform::port_accepts(where.host, where.port));
}

// Whose service the process is, if a manager keeps it.
std::optional<platform::ServiceScope> kept_by_manager(int pid) {
  for (const auto scope : {platform::ServiceScope::kUser, platform::ServiceScope::kSystem}) {
    if (platform::service_state(scope).pid == pid) return scope;
  }
  return std::nullopt;
}

// What ends at once is asked for by a signal of its own: two of one kind that come together are
// one.
int signal_for(const Options& options, int pid, const client::Serving& serving) {
  if (!options.now) return SIGTERM;
  return pid == serving.engine_pid ? SIGKILL : SIGQUIT;
}

// Throws Error.
void ask_to_end(const Options& options, int pid, const client::Serving& serving) {
  // A manager that restarts what ends would undo it.
  const auto scope = kept_by_manager(pid);
  if (scope) {
    platform::service_stop(*scope);
    std::printf("  its service manager stops it; `sanctum service restart` starts it again\n");
    if (!options.now) return;
  }
  // Of a server whose first process was killed, the rest is ending by itself.
  if (!options.now && serving.pid > 0 && pid != serving.pid) return;
  if (::kill(pid, signal_for(options, pid, serving)) != 0 && errno != ESRCH)
    throw Error(ErrorCode::kUnavailable,
                "process " + std::to_string(pid) + " is not ours to stop; try its owner, or sudo");
  ::kill(pid, SIGCONT);  // one that was stopped, by Ctrl-Z perhaps, would never hear of it
}

// The file is written once a second, and an engine may be younger. 0: none, or nobody tells.
int engine_told(const std::string& state) {
  try {
    const auto document = client::ControlClient(state, kAskLimit).ask("GET", "/status");
    return static_cast<int>(document.root().at("engine").as_int_or("pid", 0));
  } catch (const Error&) {
    return 0;
  }
}

// Of the server that holds the lock: what an earlier one left, which was killed or could not write
// any more, says nothing of it.
client::Serving serving_of(const std::string& state, int holder) {
  auto file = client::read_serving(state);
  const bool its =
      file && (holder == file->pid || holder == file->gateway_pid || holder == file->engine_pid);
  if (!its) return client::Serving{holder, 0, 0, {}, {}};
  if (file->engine_pid == 0) file->engine_pid = engine_told(state);
  return *file;
}

int run(const Options& options) {
  const std::string state = state_dir_or_default(options.state_dir);
  const auto holder = platform::LockFile::holder(state + "/lock");
  if (!holder) {
    std::printf("nothing serves %s\n", state.c_str());
    return 0;
  }
  const client::Serving serving = serving_of(state, *holder);
  const std::uint64_t before = platform::memory().available_bytes;
  const std::int64_t begin_us = serve::unix_us_now();
  std::printf("stopping process %d, which serves %s\n", *holder, state.c_str());
  std::fflush(stdout);
  ask_to_end(options, *holder, serving);
  const auto remains = [&] {
    return alive(*holder) || alive(serving.gateway_pid) || alive(serving.engine_pid);
  };
  wait_until_gone(remains, seconds(options.limit_s));
  bool all = proven("the server's process is gone", !alive(*holder));
  if (serving.gateway_pid > 0) all &= proven("its gateway is gone", !alive(serving.gateway_pid));
  if (serving.engine_pid > 0) all &= proven("its engine is gone", !alive(serving.engine_pid));
  all &= closed(serving.http, "http");
  all &= closed(serving.mtls, "mtls");
  const std::uint64_t after = platform::memory().available_bytes;
  std::printf("  %.0f MiB of memory came back\n",
              static_cast<double>(after - std::min(after, before)) / kMiB);
  if (const auto cut = serve::requests_cut_since(state, begin_us); !cut.empty())
    std::printf("  %s\n", cut.c_str());
  if (all) return 0;
  std::fprintf(stderr, "sanctum stop: something remains after %d s; %s\n", options.limit_s,
               options.now ? "`kill -9` ends a process whatever it does"
                           : "`sanctum stop --now` ends it without waiting for requests");
  return kExitNo;
}

}  // namespace

void add_stop(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("stop", "Stop a server, and prove that it has stopped");
  add_state_dir(command, options->state_dir);
  command.add_option("--limit", options->limit_s, "Seconds to wait for it")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.add_flag("--now", options->now, "Do not wait for running requests");
  command.footer(
      "Running requests get the server's own --drain; then they end with an error.\n"
      "\n"
      "Examples:\n"
      "  sanctum stop\n"
      "  sanctum stop --now\n"
      "\n" +
      exit_codes("it is gone, or nothing served there", "something of it remains"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
