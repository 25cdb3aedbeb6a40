// sanctum service install|uninstall|status|restart: `serve` as a service of systemd or launchd.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "serve/load_check.h"
#include "serve/running_release.h"
#include "serve/service_arguments.h"
#include "serve/service_removal.h"
#include "serve/service_unit_file.h"
#include "serve/supervision_facts.h"
#include "settings/state_directory.h"

namespace sanctum {
namespace {

constexpr std::chrono::seconds kStopBeyondDrain{15};
constexpr std::chrono::seconds kBeginLimit{30};
constexpr std::chrono::milliseconds kLookEvery{100};

struct Options {
  std::string state_dir;
  bool system = false;
  std::vector<std::string> arguments;
  platform::ServiceScope scope() const {
    return system ? platform::ServiceScope::kSystem : platform::ServiceScope::kUser;
  }
  std::string state() const { return state_dir_or_default(state_dir); }
};

int told(const supervisor::Verdict& verdict) {
  serve::print(verdict);
  return verdict.supervised ? 0 : kExitNo;
}

// Not every manager waits until it runs.
int status_once_it_runs(const std::string& state, platform::ServiceScope scope) {
  const Instant end = Clock::now() + kBeginLimit;
  auto facts = serve::supervision_facts(state, scope);
  while (facts.pid == 0 && Clock::now() < end) {
    std::this_thread::sleep_for(kLookEvery);
    facts = serve::supervision_facts(state, scope);
  }
  return told(judge(facts));
}

int status(const Options& options) {
  return told(judge(serve::supervision_facts(options.state(), options.scope())));
}

// The words for `serve`, complete: the state directory is named, because a manager's environment
// may have no home, and paths are absolute, because it has a directory of its own.
std::vector<std::string> words_for(const Options& options) {
  auto words = options.arguments;
  if (!options.state_dir.empty()) words.insert(words.end(), {"--state-dir", options.state_dir});
  auto settled = serve::settled_arguments(words, std::filesystem::current_path().string());
  if (std::find(settled.begin(), settled.end(), "--state-dir") == settled.end())
    settled.insert(settled.begin(), {"--state-dir", serve::resolve_words(words).state_dir});
  return settled;
}

// systemd gives the system's services no HOME, and models are looked for there.
std::vector<std::pair<std::string, std::string>> environment_for(const Options& options) {
  auto all = serve::variables_in_force();
  if (const char* home = std::getenv("HOME"); options.system && home != nullptr)
    all.emplace_back("HOME", home);
  return all;
}

// What to do about a server that runs already, and that this scope does not keep.
std::string instead_of(int pid, platform::ServiceScope scope) {
  const bool system = scope == platform::ServiceScope::kSystem;
  const auto other = system ? platform::ServiceScope::kUser : platform::ServiceScope::kSystem;
  if (platform::service_state(other).pid != pid)
    return "no unit keeps it: nothing was written. `sanctum stop` ends it; then run this again";
  return system
             ? "the user's service keeps it: nothing was written. Without --system this changes "
               "it; `sanctum service uninstall` takes it away"
             : "the system's service keeps it: nothing was written. With --system, as root, this "
               "changes it; `sanctum service uninstall --system` takes it away";
}

// A unit that cannot start would be left behind. Throws Error.
void check_that_it_can_start(const std::string& state, platform::ServiceScope scope) {
  const auto facts = serve::supervision_facts(state, scope);
  if (!facts.manager_answers)
    throw Error(
        ErrorCode::kUnavailable,
        "no service manager answers here (in a container there is none" +
            std::string(scope == platform::ServiceScope::kUser ? "; without a session try --system"
                                                               : "") +
            "): nothing was written. `sanctum serve` runs without one");
  if (facts.pid > 0 && facts.pid != facts.unit_pid)
    throw Error(ErrorCode::kBusy, "process " + std::to_string(facts.pid) + " serves " + state +
                                      " already, and " + instead_of(facts.pid, scope));
}

// A unit would try it again for ever, and say why in a log alone. Throws Error.
void check_models(const settings::ServeConfig& config) {
  try {
    serve::check_loads(config, true);
  } catch (const Exit& exit) {
    throw Error(ErrorCode::kInvalid, exit.message + "; nothing was written");
  }
}

// False where the manager's answer took too long, and it starts it all the same: that is no
// refusal.
bool started(platform::ServiceScope scope) {
  try {
    platform::service_start(scope);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kDeadline && platform::service_state(scope).running)
      return false;
    throw;
  }
  return true;
}

// What was not there before is taken away again where the manager refuses it. Throws Error.
void put_in_place(const std::string& text, platform::ServiceScope scope, const std::string& state) {
  const auto former = serve::unit_text(scope);
  const auto before = serve::look_at_service(scope, state);
  serve::write_unit(text, scope, state);
  try {
    platform::service_enable(scope);
    if (!started(scope)) std::printf("it still starts; `sanctum service status` says how far\n");
  } catch (const Error& error) {
    if (former)
      serve::write_unit(*former, scope, state);
    else
      serve::remove_what_is_new(scope, before);
    platform::service_forget(scope);
    throw Error(error.code(), std::string(error.what()) +
                                  (former ? "; the unit file that was there before is back"
                                          : "; nothing is left of it"));
  }
}

int install(const Options& options) {
  const settings::ServeConfig config = serve::resolve_words(words_for(options));
  check_that_it_can_start(config.state_dir, options.scope());
  check_models(config);
  settings::make_state_dir(config.state_dir);
  serve::keep_running_release(config.state_dir);
  supervisor::ServiceUnit unit;
  unit.arguments = {serve::current_program(config.state_dir), "serve"};
  const auto words = words_for(options);
  unit.arguments.insert(unit.arguments.end(), words.begin(), words.end());
  unit.environment = environment_for(options);
  unit.restarts = unit.starts_at_boot = true;
  unit.stop_limit = std::chrono::seconds(config.drain_s) + kStopBeyondDrain;
  put_in_place(serve::text_of(unit, options.scope()), options.scope(), config.state_dir);
  std::printf("wrote %s\n", platform::service_file(options.scope()).c_str());
  return status_once_it_runs(config.state_dir, options.scope());
}

int nothing_there(platform::ServiceScope scope) {
  const bool system = scope == platform::ServiceScope::kSystem;
  const auto other = system ? platform::ServiceScope::kUser : platform::ServiceScope::kSystem;
  const bool elsewhere = !platform::service_traces(other).empty();
  std::printf("there is nothing to remove: no %s, and no manager that keeps one%s\n",
              platform::service_file(scope).c_str(),
              !elsewhere ? ""
              : system   ? "; a user's own is there, without --system"
                         : "; the system's is there: --system");
  return 0;
}

int uninstall(const Options& options) {
  const auto removal = serve::remove_service(options.scope(), [](const std::string& what) {
    std::printf("%s\n", what.c_str());
    std::fflush(stdout);
  });
  if (!removal.found) return nothing_there(options.scope());
  if (removal.ended > 0) std::printf("ended process %d\n", removal.ended);
  for (const auto& path : removal.removed) std::printf("removed %s\n", path.c_str());
  if (!removal.state_directory.empty())
    std::printf("kept %s, with its certificates, keys and journal\n",
                removal.state_directory.c_str());
  for (const auto& trouble : removal.troubles)
    std::fprintf(stderr, "sanctum service: %s\n", trouble.c_str());
  return removal.troubles.empty() ? 0 : kExitNo;
}

int restart(const Options& options) {
  const Instant begin = Clock::now();
  platform::service_restart(options.scope());
  const std::chrono::duration<double> took = Clock::now() - begin;
  std::printf("restarted in %.1f s\n", took.count());
  const auto facts = serve::supervision_facts(options.state(), options.scope());
  return status_once_it_runs(facts.unit ? serve::state_of(facts.unit->arguments) : options.state(),
                             options.scope());
}

}  // namespace

void add_service(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& service = *app.add_subcommand("service", "`serve` as a service of systemd or launchd");
  service.require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*action)(const Options&)) {
    auto* command = service.add_subcommand(name, what);
    add_state_dir(*command, options->state_dir);
    command->add_flag("--system", options->system, "For all users, from the boot on; needs root");
    on_chosen(*command, exit_code, [options, action] { return action(*options); });
    return command;
  };
  auto* installing = add("install", "Write the unit file, enable it and start it", install);
  installing->add_option("arguments", options->arguments, "For `sanctum serve`, after --");
  installing->footer(
      "Example:\n"
      "  sanctum service install -- --listen 127.0.0.1:8080 ~/models/qwen3\n"
      "\n" +
      exit_codes("it is supervised", "it is not"));
  add("uninstall", "Stop it, disable it and remove all that was written for it", uninstall)
      ->footer("The state directory stays.\n\n" +
               exit_codes("nothing of it is left", "something could not be done"));
  add("status", "Whether it is installed, enabled and running", status);
  add("restart", "Stop it as it should, and start it again", restart);
}

}  // namespace sanctum
