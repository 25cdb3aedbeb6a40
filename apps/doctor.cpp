// sanctum doctor: whether a server would come back if it ended, and how to make it so.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "client/serving_file.h"
#include "gateway/listener.h"
#include "platform/command.h"
#include "platform/port.h"
#include "platform/process.h"
#include "serve/service_unit_file.h"
#include "serve/supervision_facts.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLookEvery{20};
constexpr seconds kCheckLimit{60};

struct Options {
  std::string state_dir;
  bool system = false;
  bool fix = false;
  int limit_s = 180;
};

bool accepts(const std::string& address) {
  if (address.empty()) return false;
  const auto where = gateway::parse_address(address, "serving.json");
  return platform::port_accepts(where.host, where.port);
}

template <class Condition>
void wait_for(Condition condition, Instant end, const char* what) {
  while (!condition()) {
    if (Clock::now() > end)
      throw Error(ErrorCode::kDeadline, std::string("given up waiting until ") + what);
    std::this_thread::sleep_for(kLookEvery);
  }
}

// What would have to be mended before a running server may be ended for another one's sake. All of
// it is asked before anything is changed.
void check_hand_over(const supervisor::SupervisionFacts& facts, const client::Serving& serving,
                     const supervisor::ServiceUnit& unit) {
  const std::string goes_on = "; nothing was changed, and what runs goes on";
  if (!facts.manager_answers)
    throw Error(ErrorCode::kUnavailable,
                "no service manager answers, so nobody could take the server over" + goes_on);
  if (serving.http.empty() && serving.mtls.empty())
    throw Error(ErrorCode::kUnavailable, "serving.json does not say where process " +
                                             std::to_string(facts.pid) + " listens" + goes_on);
  if (::kill(facts.pid, 0) != 0 && errno != ESRCH)
    throw Error(ErrorCode::kUnavailable, "process " + std::to_string(facts.pid) +
                                             " is not ours to stop; try its owner, or sudo" +
                                             goes_on);
  auto words = unit.arguments;
  words.insert(words.begin() + 2, "--check");
  const auto result = platform::run_command(words, kCheckLimit);
  if (result.status.signal != 0 || result.status.code != 0)
    throw Error(ErrorCode::kUnavailable,
                "what the unit starts would not come up: " + result.output + goes_on);
}

// The running server ends, and the manager's takes its place.
void hand_over(int pid, const client::Serving& serving, platform::ServiceScope scope,
               seconds limit) {
  const std::string address = serving.http.empty() ? serving.mtls : serving.http;
  const Instant end = Clock::now() + limit;
  if (::kill(pid, SIGTERM) != 0 && errno != ESRCH)
    throw Error(ErrorCode::kUnavailable, "process " + std::to_string(pid) + " is not ours to stop");
  wait_for([&] { return !accepts(address); }, end, "the running server closes its listeners");
  const Instant closed = Clock::now();
  wait_for([&] { return !platform::is_running(pid); }, end, "the running server has ended");
  platform::service_start(scope);
  wait_for([&] { return accepts(address); }, end, "the service listens");
  const std::chrono::duration<double> down = Clock::now() - closed;
  std::printf("handed over: nobody listened for %.1f s\n", down.count());
}

void fix(const supervisor::SupervisionFacts& facts, const std::string& state,
         platform::ServiceScope scope, seconds limit) {
  if (facts.pid == 0)
    throw Error(ErrorCode::kNotFound,
                "nothing serves " + state + "; `sanctum service install` starts it");
  const bool same = facts.unit && facts.unit->arguments == facts.arguments;
  const auto backup = same ? std::nullopt : serve::find_backup(facts.arguments, state);
  if (!same && !backup)
    throw Error(ErrorCode::kNotFound,
                "no backup of the unit starts what runs; `sanctum service install -- ARGUMENTS` "
                "writes a new one");
  const client::Serving serving = client::read_serving(state).value_or(client::Serving{});
  const bool moves = facts.unit_pid != facts.pid;
  check_hand_over(facts, serving, same ? *facts.unit : serve::parse_unit(*backup));
  if (backup) {
    serve::write_unit(*backup, scope, state);
    std::printf("restored %s from its newest backup that starts what runs\n",
                facts.unit_path.c_str());
  }
  platform::service_enable(scope);
  if (moves) hand_over(facts.pid, serving, scope, limit);
}

int run(const Options& options) {
  const std::string state = state_dir_or_default(options.state_dir);
  const auto scope = options.system ? platform::ServiceScope::kSystem : serve::keeping_scope(state);
  auto facts = serve::supervision_facts(state, scope);
  auto verdict = judge(facts);
  if (options.fix && !verdict.supervised) {
    fix(facts, state, scope, seconds(options.limit_s));
    facts = serve::supervision_facts(state, scope);
    verdict = judge(facts);
  }
  serve::print(verdict);
  if (!verdict.supervised && facts.pid > 0 && !options.fix &&
      serve::find_backup(facts.arguments, state))
    std::printf(
        "a backup of the unit starts exactly what runs: `sanctum doctor --fix` restores it\n");
  return verdict.supervised ? 0 : kExitNo;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("doctor", "Say whether a server would come back if it ended");
  add_state_dir(command, options->state_dir);
  command.add_flag("--system", options->system,
                   "The system's services (default: those that keep the server, else the user's)");
  command.add_flag("--fix", options->fix,
                   "Restore the unit that starts what runs, and hand the server over to it");
  command.add_option("--limit", options->limit_s, "Seconds that handing over may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.footer(
      "Examples:\n"
      "  sanctum doctor\n"
      "  sanctum doctor --fix\n"
      "\n" +
      exit_codes("it is supervised", "it is not"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
