#include "serve/service_removal.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "client/endpoint.h"
#include "platform/machine.h"
#include "platform/process.h"
#include "serve/service_unit_file.h"
#include "serve/supervision_facts.h"

namespace sanctum::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::chrono::seconds kEndLimit{90};  // or longer, where the unit says so

std::optional<std::string> named_state_directory(const std::vector<std::string>& arguments) {
  const auto named = std::find(arguments.rbegin(), arguments.rend(), "--state-dir");
  if (named == arguments.rend() || named == arguments.rbegin()) return std::nullopt;
  return *std::prev(named);
}

class Remover {
 public:
  explicit Remover(platform::ServiceScope scope)
      : scope_(scope), manager_(platform::service_state(scope)) {
    read_unit();
  }

  Removal run() {
    const auto traces = platform::service_traces(scope_);
    removal_.found = !traces.empty() || manager_.enabled || manager_.running;
    if (!removal_.found) return removal_;
    const int kept = kept_process();
    if (manager_.manager_answers)
      tell_manager();
    else
      trouble("the service manager was not told, for none answers here");
    // Links that the manager took away itself are none any more.
    for (const auto& path : platform::service_traces(scope_)) remove(path);
    for (const auto& path : traces)
      if (!fs::exists(fs::symlink_status(path))) note(path);
    end(kept);
    if (manager_.manager_answers) platform::service_forget(scope_);
    remove_backups();
    return removal_;
  }

 private:
  void trouble(const std::string& what) { removal_.troubles.push_back(what); }
  void note(const std::string& path) {
    auto& all = removal_.removed;
    if (std::find(all.begin(), all.end(), path) == all.end()) all.push_back(path);
  }

  // One that somebody has edited may say nothing that we understand; what runs says it too.
  void read_unit() {
    const auto unit = unit_on_disk(scope_);
    if (unit) limit_ = std::max(limit_, unit->stop_limit);
    auto state = named_state_directory(manager_.pid > 0 ? platform::arguments_of(manager_.pid)
                                                        : std::vector<std::string>());
    if (!state && unit) state = named_state_directory(unit->arguments);
    std::error_code ignored;
    if (!state || !fs::is_directory(*state, ignored)) return;
    removal_.state_directory = *state;
    try {
      const auto facts = supervision_facts(*state, scope_);
      holder_ = facts.pid;
      ours_ = facts.unit && facts.arguments == facts.unit->arguments;
    } catch (const Error&) {
      ours_ = false;
    }
  }

  // The manager's, else the server that runs as the unit says it.
  int kept_process() const {
    if (manager_.pid > 0) return manager_.pid;
    return !manager_.manager_answers && ours_ ? holder_ : 0;
  }

  void tell_manager() {
    try {
      return platform::service_disable(scope_);
    } catch (const Error& error) {
      // It refuses one whose file is gone or makes no sense, and what runs runs on.
      if (!manager_.running) return;
      try {
        platform::service_stop(scope_);
      } catch (const Error&) {
        trouble(std::string("the service manager was not told: ") + error.what());
      }
    }
  }

  void remove(const std::string& path) {
    std::error_code ec;
    fs::remove_all(path, ec);
    if (ec)
      trouble("cannot remove " + path + ": " + ec.message() +
              (scope_ == platform::ServiceScope::kSystem ? "; run it as root" : ""));
    else
      note(path);
  }

  void end(int pid) {
    if (pid == 0) return;
    if (!manager_.manager_answers) ::kill(pid, SIGTERM);
    const Instant last = Clock::now() + limit_;
    while (platform::is_running(pid) && Clock::now() < last)
      std::this_thread::sleep_for(kLookEvery);
    if (platform::is_running(pid))
      trouble("process " + std::to_string(pid) + " still runs; `sanctum stop --now` ends it");
    else
      removal_.ended = pid;
  }

  // `doctor --fix` would bring the unit back from them.
  void remove_backups() {
    if (removal_.state_directory.empty()) return;
    const std::string backups = unit_backups_of(removal_.state_directory);
    std::error_code ignored;
    if (fs::exists(backups, ignored)) remove(backups);
  }

  const platform::ServiceScope scope_;
  const platform::ServiceState manager_;
  Removal removal_;
  int holder_ = 0;     // who serves the unit's state directory
  bool ours_ = false;  // as the unit would start it
  std::chrono::seconds limit_ = kEndLimit;
};

}  // namespace

Removal remove_service(platform::ServiceScope scope) {
  return Remover(scope).run();
}

std::string state_of(const std::vector<std::string>& arguments) {
  const auto named = named_state_directory(arguments);
  return named ? *named : client::default_state_dir();
}

}  // namespace sanctum::serve
