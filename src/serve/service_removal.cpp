#include "serve/service_removal.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "client/endpoint.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "platform/process.h"
#include "serve/service_unit_file.h"
#include "serve/supervision_facts.h"
#include "supervisor/service_unit.h"

namespace sanctum::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::chrono::seconds kEndLimit{90};  // or longer, where the unit says so
constexpr std::chrono::seconds kSayAfter{2};
// A manager that nobody could tell starts it again; a start takes its lock at once.
constexpr std::chrono::seconds kBackWithin = supervisor::kServiceRestartAfter * 2;

bool is_there(const std::string& path) {
  std::error_code none;  // a link to what is gone is there
  return fs::exists(fs::symlink_status(path, none));
}

bool has(const std::vector<std::string>& all, const std::string& path) {
  return std::find(all.begin(), all.end(), path) != all.end();
}

std::optional<std::string> named_state_directory(const std::vector<std::string>& arguments) {
  const auto named = std::find(arguments.rbegin(), arguments.rend(), "--state-dir");
  if (named == arguments.rend() || named == arguments.rbegin()) return std::nullopt;
  return *std::prev(named);
}

class Remover {
 public:
  // `kept`: paths that stay.
  Remover(platform::ServiceScope scope, std::vector<std::string> kept,
          std::function<void(const std::string&)> say)
      : scope_(scope),
        kept_(std::move(kept)),
        say_(std::move(say)),
        manager_(platform::service_state(scope)) {
    read_unit();
  }

  Removal run() {
    const auto traces = platform::service_traces(scope_);
    removal_.found = !traces.empty() || manager_.enabled || manager_.running;
    if (!removal_.found) return removal_;
    const int runs = kept_process();
    bool asked = true;  // somebody has asked it to end, or does
    if (manager_.manager_answers)
      asked = tell_manager();
    else
      trouble("the service manager was not told, for none answers here");
    // Links that the manager took away itself are none any more.
    for (const auto& path : platform::service_traces(scope_)) remove(path);
    for (const auto& path : traces)
      if (!is_there(path)) note(path);
    if (asked) end(runs);
    if (manager_.manager_answers) platform::service_forget(scope_);
    remove_backups();
    return removal_;
  }

 private:
  void trouble(const std::string& what) { removal_.troubles.push_back(what); }
  void note(const std::string& path) {
    if (!has(removal_.removed, path)) removal_.removed.push_back(path);
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

  // Whether it was asked to stop what runs, and does so.
  bool tell_manager() {
    try {
      platform::service_disable(scope_);
      return true;
    } catch (const Error& error) {
      // It refuses one whose file is gone or makes no sense, and what runs runs on.
      if (!manager_.running) return false;
      try {
        platform::service_stop(scope_);
        return true;
      } catch (const Error&) {
        trouble(std::string("the service manager refuses, and what runs goes on: ") + error.what() +
                as_root());
      }
    }
    return false;
  }

  std::string as_root() const {
    return scope_ == platform::ServiceScope::kSystem ? "; run it as root" : "";
  }

  void remove(const std::string& path) {
    if (has(kept_, path)) return;
    std::error_code ec;
    fs::remove_all(path, ec);
    if (ec)
      trouble("cannot remove " + path + ": " + ec.message() + as_root());
    else
      note(path);
  }

  // Waits until `over`, no longer than `limit`; says for what where that takes long.
  template <class Condition>
  void wait(Condition over, std::chrono::seconds limit, const std::string& what) {
    const Instant begin = Clock::now();
    bool said = !say_;
    while (!over() && Clock::now() < begin + limit) {
      if (!said && Clock::now() >= begin + kSayAfter) {
        say_("waiting, for " + std::to_string(limit.count()) + " s at most, " + what);
        said = true;
      }
      std::this_thread::sleep_for(kLookEvery);
    }
  }

  void end(int pid) {
    if (pid == 0) return;
    if (!manager_.manager_answers) ::kill(pid, SIGTERM);
    wait([&] { return !platform::is_running(pid); }, limit_,
         "until process " + std::to_string(pid) + " has ended: what it answers ends first");
    if (platform::is_running(pid))
      return trouble("process " + std::to_string(pid) +
                     " still runs; `sanctum stop --now` ends it");
    if (const int back = comes_back(); back > 0)
      return trouble("process " + std::to_string(pid) + " ended, and process " +
                     std::to_string(back) +
                     " came in its place: the service manager, which could not be told, still "
                     "keeps it. `" +
                     platform::service_stop_command(scope_) + "` ends it");
    removal_.ended = pid;
  }

  // Who serves in place of what we ended behind its manager's back; 0 for nobody.
  int comes_back() {
    if (manager_.manager_answers || removal_.state_directory.empty()) return 0;
    const auto holder = [&] {
      return platform::LockFile::holder(removal_.state_directory + "/lock").value_or(0);
    };
    wait([&] { return holder() > 0; }, kBackWithin, "whether a manager starts it again");
    return holder();
  }

  // `doctor --fix` would bring the unit back from them.
  void remove_backups() {
    if (removal_.state_directory.empty()) return;
    const std::string backups = unit_backups_of(removal_.state_directory);
    if (!is_there(backups)) return;
    if (!has(kept_, backups)) return remove(backups);
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(backups, none)) remove(entry.path().string());
  }

  const platform::ServiceScope scope_;
  const std::vector<std::string> kept_;
  const std::function<void(const std::string&)> say_;
  const platform::ServiceState manager_;
  Removal removal_;
  int holder_ = 0;     // who serves the unit's state directory
  bool ours_ = false;  // as the unit would start it
  std::chrono::seconds limit_ = kEndLimit;
};

}  // namespace

Removal remove_service(platform::ServiceScope scope,
                       const std::function<void(const std::string&)>& say) {
  return Remover(scope, {}, say).run();
}

ServiceBefore look_at_service(platform::ServiceScope scope, const std::string& state_directory) {
  ServiceBefore before;
  before.paths = platform::service_traces(scope);
  std::error_code none;
  for (const auto& path : before.paths)
    if (fs::is_symlink(path, none))
      before.links.emplace_back(path, fs::read_symlink(path, none).string());
  const std::string backups = unit_backups_of(state_directory);
  if (is_there(backups)) before.paths.push_back(backups);
  for (const auto& entry : fs::directory_iterator(backups, none))
    before.paths.push_back(entry.path().string());
  return before;
}

void remove_what_is_new(platform::ServiceScope scope, const ServiceBefore& before) {
  Remover(scope, before.paths, {}).run();
  std::error_code none;  // the manager takes every link away that enables it
  for (const auto& [path, target] : before.links)
    if (!is_there(path)) fs::create_symlink(target, path, none);
}

std::string state_of(const std::vector<std::string>& arguments) {
  const auto named = named_state_directory(arguments);
  return named ? *named : client::default_state_dir();
}

}  // namespace sanctum::serve
