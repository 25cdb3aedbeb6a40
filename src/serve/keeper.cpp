#include "serve/keeper.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/exit_code.h"
#include "base/line_writer.h"
#include "base/log.h"
#include "client/running_servers.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "platform/private_files.h"
#include "platform/service_manager.h"
#include "serve/gguf_imports.h"
#include "serve/greeting.h"
#include "serve/keeper_rules.h"
#include "serve/kept_process.h"
#include "serve/life_line.h"
#include "serve/listeners.h"
#include "serve/load_check.h"
#include "serve/running_release.h"
#include "serve/signal_watch.h"
#include "serve/wake.h"
#include "settings/handed_config.h"
#include "settings/state_directory.h"
#include "supervisor/model_directory.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLastMoment{300};  // from the demand to end at once to SIGKILL
constexpr milliseconds kReapEvery{50};    // when a socket has ended and its process has not
constexpr std::size_t kOutputBytesMax = 64 * 1024;  // lines that nobody has read
// What the service manager grants for the copy of the release.
constexpr seconds kCopyLimit{1800};

// The machine under the rules: processes, their sockets, a lock and who holds it.
class Keeper final : public KeeperPort {
 public:
  using Resolve = std::function<settings::ServeConfig()>;

  Keeper(const settings::ServeConfig& config, Resolve resolve,
         std::optional<RunningRelease> release, platform::LockFile& lock)
      : config_(config),
        resolve_(std::move(resolve)),
        release_(std::move(release)),
        lock_(lock),
        rules_(config, *this) {}

  int run() {
    rules_.begin();
    while (!rules_.exit_code()) {
      wait();
      wake_.take();
      gateway_.listen(gateway_said_);
      probes_.listen(probes_said_);
      if (stopping_) rules_.end();
      if (const auto status = gateway_.ended(gateway_said_)) {
        if (stopping_) rules_.end();  // asked for meanwhile: no other gateway is to start
        rules_.gateway_ended(*status);
      }
      if (const auto status = probes_.ended(probes_said_)) rules_.probes_ended(*status);
      rules_.turn();
    }
    if (!life_.over()) end_engine();
    output_.flush(log::kLastWordsLimit);
    if (!rules_.last_words().empty()) throw Exit{*rules_.exit_code(), rules_.last_words()};
    return *rules_.exit_code();
  }

  // Hears what a gateway that starts has as its drain.
  void on_drain(std::function<void(seconds)> drain_is) { drain_is_ = std::move(drain_is); }

  // From the signals' threads.
  void end() {
    stopping_ = true;
    wake_.wake();
  }
  void end_at_once() {
    gateway_.end(kLastMoment);
    probes_.signal(SIGKILL);
    end_engine();
    end_fallback();
  }

  Instant now() const override { return Clock::now(); }
  settings::ServeConfig resolve() override { return resolve_(); }
  void start_gateway(const settings::ServeConfig& config) override {
    engine_pid_ = 0;
    drain_s_ = config.drain_s;
    if (drain_is_) drain_is_(seconds(config.drain_s));
    try {
      const auto document = settings::hand_down(as_kept(config));
      auto options = part("gateway");
      options.descriptors = {lock_.descriptor(), document->descriptor(), life_.begin()};
      gateway_.start(options);
    } catch (...) {
      life_.handed_down();
      throw;
    }
    life_.handed_down();
    log::info("gateway_started", {{"pid", gateway_.pid()}});
    name_holders();
  }
  void start_probes(const settings::ServeConfig& config) override {
    const auto document = settings::hand_down(config);
    auto options = part("probes");
    options.descriptors = {lock_.descriptor(), document->descriptor()};
    probes_.start(options);
    log::info("probes_started", {{"pid", probes_.pid()}});
    name_holders();
  }
  int gateway_pid() const override { return gateway_.pid(); }
  int probes_pid() const override { return probes_.pid(); }
  int engine_pid() const override { return engine_pid_; }
  void signal_gateway(int number) override { gateway_.signal(number); }
  void signal_probes(int number) override { probes_.signal(number); }
  void tell_probes(const KeeperMessage& message) override { probes_.tell(message); }
  void engine_is(int pid) override {
    engine_pid_ = pid;
    name_holders();
  }
  void fallback_is(int pid) override { fallback_pid_ = pid; }
  void end_engine() override { end_group(engine_pid_); }
  void end_fallback() override { end_group(fallback_pid_.exchange(0)); }
  bool engines_gone() override { return life_.over(); }
  void say_ready(const keeper_message::Ready& ready) override {
    if (::isatty(STDOUT_FILENO) == 1 && !std::exchange(greeted_, true))
      output_.push(greeted(ready));
    output_.push("ready" + (ready.urls.empty() ? "" : " " + ready.urls) + "\n");
  }
  void say_draining(int requests) override {
    if (stopping_ && ::isatty(STDERR_FILENO) == 1) log::last_words(waits_for(requests, drain_s_));
  }
  void notify_manager(const std::string& state) override { platform::notify_manager(state); }

 private:
  void wait() {
    Instant until = rules_.next_turn();
    if ((gateway_.there() && gateway_.descriptor() < 0) ||
        (probes_.there() && probes_.descriptor() < 0))
      until = std::min(until, Clock::now() + kReapEvery);
    const auto left =
        std::chrono::duration_cast<milliseconds>(std::max(until, Clock::now()) - Clock::now());
    // Those of -1 are passed over.
    pollfd watched[] = {{wake_.descriptor(), POLLIN, 0},
                        {gateway_.descriptor(), POLLIN, 0},
                        {probes_.descriptor(), POLLIN, 0},
                        {gateway_.there() ? -1 : life_.descriptor(), 0, 0}};
    ::poll(watched, std::size(watched), static_cast<int>(left.count()) + 1);
  }

  std::string greeted(const keeper_message::Ready& ready) const {
    Greeting about{SANCTUM_VERSION,
                   {},
                   ready.urls,
                   config_.state_dir + "/certs",
                   client::running_servers().size() <= 1,
                   ready.failed,
                   ready.prompts_alone,
                   config_.left_out};
    for (const auto& model : config_.found_models)
      if (std::find(ready.failed.begin(), ready.failed.end(), model.model) == ready.failed.end())
        about.models.push_back(model.model);
    if (config_.found_models.empty())
      about.models.emplace_back("the built-in model, sanctum-smoke");
    return greeting(about);
  }

  // The built-in model, where it was named, is the release's: what it was found beside may go away.
  settings::ServeConfig as_kept(settings::ServeConfig config) const {
    if (!release_) return config;
    try {
      const std::string beside_us =
          supervisor::built_in_model({platform::executable_path(), {}}).path;
      const std::string kept = supervisor::built_in_model({release_->program(), {}}).path;
      for (auto& model : config.found_models)
        if (model.path == beside_us) model.path = kept;
    } catch (const Error& error) {  // then nobody named it
      log::debug("no_built_in_model", {{"why", error.what()}});
    }
    return config;
  }

  platform::ProcessOptions part(const std::string& command) const {
    platform::ProcessOptions options;
    options.path = release_ ? release_->program() : platform::executable_path();
    options.arguments.push_back(command);
    if (release_) options.environment.push_back(library_path(*release_));
    return options;
  }

  void name_holders() {
    std::vector<int> holders{static_cast<int>(::getpid())};
    for (const int pid : {gateway_.pid(), engine_pid_.load(), probes_.pid()}) {
      if (pid > 0) holders.push_back(pid);
    }
    lock_.name(holders);
  }

  // It leads a group of its own; what is not there any more is not hit.
  static void end_group(int pid) {
    if (pid > 0) ::kill(-pid, SIGKILL);
  }

  const KeptProcess::Heard gateway_said_ = [this](const auto& m) { rules_.gateway_said(m); };
  const KeptProcess::Heard probes_said_ = [this](const auto& m) { rules_.probes_said(m); };
  // Who reads the line `ready` may have stopped reading, or read the log through the same pipe.
  LineWriter output_{STDOUT_FILENO, kOutputBytesMax, [](std::uint64_t) { return std::string(); }};
  const settings::ServeConfig config_;  // as it was at the start
  std::atomic<int> drain_s_{config_.drain_s};
  std::function<void(seconds)> drain_is_;
  bool greeted_ = false;
  const Resolve resolve_;
  const std::optional<RunningRelease> release_;
  platform::LockFile& lock_;
  std::atomic<int> engine_pid_{0}, fallback_pid_{0};
  LifeLine life_;
  KeptProcess gateway_, probes_;
  Wake wake_;
  std::atomic<bool> stopping_{false};
  KeeperRules rules_;
};

// Of a server whose first process was killed, its gateway may still drain; a removal of an import
// is none.
std::string who_holds(const std::string& lock, const std::string& busy) {
  const auto holder = platform::LockFile::holder(lock);
  const auto words = platform::arguments_of(holder.value_or(0));
  const std::string command = words.size() > 1 ? words[1] : "";
  if (command == "models")
    return "`sanctum models remove` is at this state directory, and done soon; start again then: " +
           busy;
  return "another sanctum serves this state directory: " + busy +
         (command == "serve"
              ? "; `sanctum stop` ends it, and --state-dir names another directory for a second "
                "server"
              : "; it is what is left of a server that was killed, and is gone within its --drain");
}

std::unique_ptr<platform::LockFile> lock(const std::string& directory) {
  const std::string path = directory + "/lock";
  try {
    return std::make_unique<platform::LockFile>(path);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw Exit{kExitFailure, error.what()};
    throw Exit{kExitLocked, who_holds(path, error.what())};
  }
}

// By which this user's commands find the server.
class Note {
 public:
  explicit Note(const std::string& state_dir) {
    client::note_running(state_dir, static_cast<int>(::getpid()));
  }
  ~Note() { client::forget_running(static_cast<int>(::getpid())); }
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;
};

// Who is asked to end: the keeper once there is one, until then the start. Signals' threads ask.
class Ending {
 public:
  void ask() {
    const std::lock_guard lock(mutex_);
    asked_ = true;
    if (keeper_ != nullptr) keeper_->end();
  }
  void at_once() {
    const std::lock_guard lock(mutex_);
    if (keeper_ != nullptr) keeper_->end_at_once();
  }
  const std::atomic<bool>& asked() const { return asked_; }
  // As long as this lives, it is the keeper's.
  class Part {
   public:
    Part(Ending& ending, Keeper& keeper) : ending_(ending) { ending.is_up_to(&keeper); }
    ~Part() { ending_.is_up_to(nullptr); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    Ending& ending_;
  };

 private:
  void is_up_to(Keeper* keeper) {
    const std::lock_guard lock(mutex_);
    keeper_ = keeper;
  }

  std::mutex mutex_;  // guards keeper_
  Keeper* keeper_ = nullptr;
  std::atomic<bool> asked_{false};
};

// Before anything is copied or started: its models are made, where they are not there. Throws Exit.
void check_start(const settings::ServeConfig& config, const std::atomic<bool>& cancelled) {
  settle_imports(config);
  check_addresses(config);
  const LoadsChecked checked = check_loads(config, false, &cancelled);
  if (cancelled) return;
  if (!checked.not_told.empty()) log::info("models_not_checked", {{"why", checked.not_told}});
  if (!checked.failing.empty()) log::warn("models_cannot_be_loaded", {{"why", checked.failing}});
  for (const auto& what : config.left_out) log::warn("part_of_model_not_served", {{"what", what}});
  try {
    make_imports(config, cancelled);
  } catch (const Exit& exit) {
    if (config.fallback.empty()) throw;
    log::error("gguf_not_imported", {{"why", exit.message}});
  }
}

std::optional<RunningRelease> keep_release(const std::string& state) {
  try {
    RunningRelease release = keep_running_release(state);
    log::info("release_kept", {{"directory", release.directory}});
    return release;
  } catch (const Error& error) {
    // Serving is worth more than being able to restart; the probe 'boots' says it every time.
    log::error("release_not_kept", {{"error", error.what()}});
    return release_we_run_from(state);
  }
}

}  // namespace

int keep(const settings::ServeConfig& config,
         const std::function<settings::ServeConfig()>& resolve) {
  platform::make_files_private();
  platform::notify_manager(platform::more_time(kCopyLimit));
  std::error_code ignored;
  const bool fresh = !std::filesystem::exists(config.state_dir, ignored);
  or_exit(kExitFailure, [&] { settings::make_state_dir(config.state_dir); });
  const auto held = lock(config.state_dir);
  client::forget_serving(config.state_dir);  // whoever wrote it is gone
  Ending ending;
  SignalWatch signal_watch({[&ending] { ending.ask(); }, [&ending] { ending.at_once(); }},
                           seconds(config.drain_s) + kStopBeyondGateway, kExitCut);
  try {
    check_start(config, ending.asked());
  } catch (const Exit&) {
    if (fresh) settings::unmake_state_dir(config.state_dir);
    throw;
  }
  const Note note(config.state_dir);
  return or_exit(kExitFailure, [&] {
    if (ending.asked()) return 0;
    // A planned restart keeps what it has rather than stand still for an import.
    const auto resolve_imported = [&] {
      settings::ServeConfig now = resolve();
      if (const std::string why = not_imported(now); !why.empty()) throw Exit{kExitFailure, why};
      return now;
    };
    Keeper keeper(config, resolve_imported, keep_release(config.state_dir), *held);
    keeper.on_drain([&](seconds drain) { signal_watch.limit_is(drain + kStopBeyondGateway); });
    const Ending::Part part(ending, keeper);
    return ending.asked() ? 0 : keeper.run();
  });
}

}  // namespace sanctum::serve
