#include "apps/keeper.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "apps/exit.h"
#include "apps/kept_process.h"
#include "apps/life_line.h"
#include "apps/resolved_config.h"
#include "apps/running_release.h"
#include "apps/serving_file.h"
#include "apps/signal_watch.h"
#include "apps/wake.h"
#include "base/line_writer.h"
#include "base/log.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "platform/private_files.h"
#include "platform/service_manager.h"
#include "supervisor/keeper_policy.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kStopBeyondGateway{
    1500};                                // after the drain: the gateway's own limit is less
constexpr milliseconds kLastMoment{300};  // from the demand to end at once to SIGKILL
constexpr milliseconds kReapEvery{50};    // when a socket has ended and its process has not
constexpr milliseconds kLookEvery{1000};
constexpr std::size_t kOutputBytesMax = 64 * 1024;  // lines that nobody has read
constexpr seconds kProbesSilenceMax{30};
constexpr seconds kProbesPause{5};  // before another start
constexpr seconds kRemainsMax{5};   // of an engine without its gateway, before it is killed
// What the service manager grants before there are listeners; it is asked again and again.
constexpr seconds kCopyLimit{1800};   // for the copy of the release
constexpr seconds kListenWithin{60};  // for each look of the keeper's

// As long as a start gets on, or a drain lasts. Without this a manager has a limit of its own.
std::string more_time(milliseconds limit) {
  return "EXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::microseconds(limit).count());
}

class Keeper {
 public:
  using Resolve = std::function<ServeConfig()>;

  Keeper(ServeConfig config, Resolve resolve, std::optional<RunningRelease> release,
         platform::LockFile& lock)
      : told_config_(config),
        config_(std::move(config)),
        resolve_(std::move(resolve)),
        release_(std::move(release)),
        lock_(lock) {}

  int run() {
    platform::notify_manager("WATCHDOG=1");
    act_on(supervisor::time_passed(state_, Clock::now()));
    while (!exit_code_) {
      wait();
      wake_.take();
      gateway_.read_lines([this](const std::string& line) { gateway_said(line); });
      probes_.read_lines([this](const std::string& line) { probes_said(line); });
      platform::notify_manager("WATCHDOG=1");
      if (!ready_told_) platform::notify_manager(more_time(kListenWithin));
      if (stopping_) forward_end();
      look_at_planned_restart();
      look_at_gateway();
      look_at_probes();
      look_at_remains();
      if (!exit_code_ && may_start() && Clock::now() >= next_start_)
        act_on(supervisor::time_passed(state_, Clock::now()));
    }
    if (!life_.over()) end_group(engine_pid_);
    output_.flush(log::kLastWordsLimit);
    return *exit_code_;
  }

  // From the signals' threads.
  void end() {
    stopping_ = true;
    wake_.wake();
  }
  void end_at_once() {
    gateway_.end(kLastMoment);
    probes_.signal(SIGKILL);
    end_group(engine_pid_);
    end_group(fallback_pid_);
  }

 private:
  // Two engines of one server must not load together.
  bool may_start() { return !gateway_.there() && life_.over(); }

  void wait() {
    Instant until = Clock::now() + kLookEvery;
    if (may_start()) until = std::min(until, next_start_);
    if ((gateway_.there() && gateway_.descriptor() < 0) ||
        (probes_.there() && probes_.descriptor() < 0))
      until = Clock::now() + kReapEvery;
    const auto left =
        std::chrono::duration_cast<milliseconds>(std::max(until, Clock::now()) - Clock::now());
    // Those of -1 are passed over.
    pollfd watched[] = {{wake_.descriptor(), POLLIN, 0},
                        {gateway_.descriptor(), POLLIN, 0},
                        {probes_.descriptor(), POLLIN, 0},
                        {gateway_.there() ? -1 : life_.descriptor(), 0, 0}};
    ::poll(watched, std::size(watched), static_cast<int>(left.count()) + 1);
  }

  void act_on(const supervisor::KeeperDecision& decision) {
    next_start_ = decision.next_timer;
    if (decision.exit_code) {
      if (*decision.exit_code != 0) log::error("gateway_ended", {{"reason", decision.reason}});
      exit_code_ = decision.exit_code;
    } else if (decision.start) {
      start_gateway();
    }
  }

  void start_gateway() {
    try {
      if (!may_start()) return act_on(later("an engine of the last gateway's is still there"));
      const auto document = hand_down(config_);
      auto options = part("gateway");
      options.descriptors = {lock_.descriptor(), document->descriptor(), life_.begin()};
      gateway_.start(options);
    } catch (const Error& error) {
      life_.handed_down();
      log::error("gateway_cannot_start", {{"error", error.what()}});
      return act_on(supervisor::gateway_cannot_start(
          state_, error.what(), error.code() == ErrorCode::kNotFound, Clock::now()));
    }
    life_.handed_down();
    log::info("gateway_started", {{"pid", gateway_.pid()}});
    condemned_ = told_ = planned_ = listening_ = false;
    engine_pid_ = 0;
    name_holders();
  }

  supervisor::KeeperDecision later(const std::string& reason) {
    return supervisor::gateway_cannot_start(state_, reason, false, Clock::now());
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

  void gateway_said(const std::string& line) {
    if (line.rfind("ready", 0) == 0) {
      supervisor::became_ready(state_, Clock::now());
      output_.push(line + "\n");
      planned_restart_is_over();
    } else if (line == "restart") {
      if (!planned_) begin_planned_restart();
    } else if (line.rfind("run ", 0) == 0) {
      probes_.tell(line);
    } else if (line.rfind("engine ", 0) == 0) {
      engine_pid_ = pid_in(line);
      name_holders();
    } else if (line.rfind("fallback ", 0) == 0) {
      fallback_pid_ = pid_in(line);
    } else if (line.rfind("listening ", 0) == 0) {
      gateway_listens(line.substr(10));
    }
  }

  static int pid_in(const std::string& line) {
    int pid = 0;
    std::from_chars(line.data() + line.find(' ') + 1, line.data() + line.size(), pid);
    return pid;
  }

  void begin_planned_restart() {
    log::info("planned_restart");
    planned_ = restarting_ = true;
    gone_by_ = Clock::now() + seconds(config_.drain_s) + kStopBeyondGateway;
    proven_by_ = gone_by_ + seconds(config_.ready_timeout_s);
    probes_.tell("planned");
    end_gateway();
  }

  void planned_restart_is_over() {
    restarting_ = false;
    probes_.tell("unplanned");
  }

  // What was planned excuses nothing for ever: neither a gateway that does not end, nor one that
  // does not come to be of use.
  void look_at_planned_restart() {
    const Instant now = Clock::now();
    if (planned_ && gateway_.there() && now >= gone_by_) {
      log::error("gateway_hangs", {{"pid", gateway_.pid()}, {"reason", "it did not end in time"}});
      gateway_.signal(SIGKILL);
    }
    if (!restarting_ || now < proven_by_) return;
    log::error("planned_restart_overdue", {{"limit_s", config_.ready_timeout_s}});
    planned_restart_is_over();
  }

  // One SIGTERM a life: the second would cut its requests.
  void end_gateway() {
    if (!std::exchange(told_, true)) gateway_.signal(SIGTERM);
  }

  void gateway_listens(const std::string& addresses) {
    const std::size_t space = addresses.find(' ');
    if (space == std::string::npos) return;
    // The next gateway is found where this one is, also where the system chose the ports.
    config_.listen = addresses.substr(0, space);
    config_.mtls_listen = addresses.substr(space + 1);
    listening_ = true;
    if (!std::exchange(ready_told_, true)) platform::notify_manager("READY=1");
    if (wants_probes() && !probes_.there()) start_probes();
  }

  bool wants_probes() const { return config_.probes == "on"; }

  void start_probes() {
    try {
      const auto document = hand_down(config_);
      auto options = part("probes");
      options.descriptors = {lock_.descriptor(), document->descriptor()};
      probes_.start(options);
      log::info("probes_started", {{"pid", probes_.pid()}});
      if (restarting_) probes_.tell("planned");
      name_holders();
    } catch (const Error& error) {
      log::error("probes_cannot_start", {{"error", error.what()}});
    }
    probes_outdated_ = false;
    beat_ = Clock::now();
  }

  void probes_said(const std::string& line) {
    beat_ = Clock::now();
    if (line.rfind("replace-gateway ", 0) != 0 || !gateway_.there() || stopping_) return;
    log::error("gateway_hangs", {{"pid", gateway_.pid()}, {"reason", line.substr(16)}});
    condemned_ = true;
    gateway_.signal(SIGKILL);
  }

  void forward_end() {
    if (!std::exchange(ending_, true)) {
      platform::notify_manager("STOPPING=1");
      platform::notify_manager(more_time(seconds(config_.drain_s) + 2 * kStopBeyondGateway));
      end_gateway();
      probes_.signal(SIGTERM);
    }
    if (!gateway_.there()) exit_code_ = 0;
  }

  void look_at_gateway() {
    const auto status = gateway_.ended([this](const std::string& line) { gateway_said(line); });
    if (!status) return;
    gone_since_ = Clock::now();
    end_group(fallback_pid_);  // the next gateway would never know that it is ours
    fallback_pid_ = 0;
    if (stopping_) {
      exit_code_ = status->signal == 0 ? status->code : kExitCut;
      return;
    }
    if (planned_) {
      look_at_configuration();
      return act_on(supervisor::planned_restart(state_, Clock::now()));
    }
    log::error("gateway_gone", {{"how", platform::describe(*status)}});
    const auto end = condemned_ ? supervisor::GatewayEnd::kHung
                     : told_    ? supervisor::GatewayEnd::kAsked
                                : supervisor::GatewayEnd::kUnasked;
    act_on(supervisor::gateway_ended(state_, *status, end, Clock::now()));
  }

  // A planned start takes what is configured by then. What belongs to this very process stays.
  void look_at_configuration() {
    try {
      ServeConfig now = resolve_();
      now.state_dir = told_config_.state_dir;
      now.drain_s = told_config_.drain_s;
      if (encode(now) == encode(told_config_)) return;
      ServeConfig next = now;
      if (now.listen == told_config_.listen) next.listen = config_.listen;
      if (now.mtls_listen == told_config_.mtls_listen) next.mtls_listen = config_.mtls_listen;
      told_config_ = std::move(now);
      config_ = std::move(next);
      log::info("configuration_changed", {{"file", config_.file}});
      probes_outdated_ = true;
      probes_.signal(SIGKILL);
    } catch (const Exit& exit) {
      log::error("configuration_not_taken", {{"error", exit.message}});
    } catch (const std::exception& error) {
      log::error("configuration_not_taken", {{"error", error.what()}});
    }
  }

  void look_at_probes() {
    const auto status = probes_.ended([this](const std::string& line) { probes_said(line); });
    if (status && !stopping_ && !probes_outdated_)
      log::error("probes_gone", {{"how", platform::describe(*status)}});
    if (stopping_ || !wants_probes() || !ready_told_) return;
    if (probes_outdated_) {
      if (!probes_.there() && listening_) start_probes();
    } else if (probes_.there() && Clock::now() - beat_ > kProbesSilenceMax) {
      log::error("probes_hang", {{"pid", probes_.pid()}});
      probes_.signal(SIGKILL);
      beat_ = Clock::now();
    } else if (!probes_.there() && Clock::now() - beat_ > kProbesPause) {
      start_probes();
    }
  }

  // An engine ends by itself when its gateway is gone; one that is stopped does not.
  void look_at_remains() {
    if (gateway_.there() || life_.over() || Clock::now() - gone_since_ < kRemainsMax) return;
    log::error("engine_remains", {{"pid", engine_pid_.load()}});
    end_group(engine_pid_);
    gone_since_ = Clock::now();
  }

  // It leads a group of its own; what is not there any more is not hit.
  static void end_group(int pid) {
    if (pid > 0) ::kill(-pid, SIGKILL);
  }

  // Who reads the line `ready` may have stopped reading, or read the log through the same pipe.
  LineWriter output_{STDOUT_FILENO, kOutputBytesMax, [](std::uint64_t) { return std::string(); }};
  ServeConfig told_config_;  // as it was resolved last
  ServeConfig config_;       // the same, with the addresses in force once there are some
  const Resolve resolve_;
  const std::optional<RunningRelease> release_;
  platform::LockFile& lock_;
  supervisor::KeeperState state_;
  Instant next_start_ = Instant::max();  // of the gateway
  Instant gone_since_{};                 // the gateway
  Instant beat_{};                       // of the probes; or when they were last started
  std::optional<int> exit_code_;
  bool ending_ = false;              // all of it: gateway and probes know it
  bool told_ = false;                // the gateway is to end
  bool condemned_ = false;           // by the probes
  bool planned_ = false;             // it ends for a planned restart
  bool restarting_ = false;          // from then on, until models are proven again, or should be
  Instant gone_by_{}, proven_by_{};  // of a planned restart
  bool listening_ = false;           // the gateway that there is
  bool ready_told_ = false;          // a gateway listened, once
  bool probes_outdated_ = false;     // they are ended for what is configured now
  std::atomic<int> engine_pid_{0}, fallback_pid_{0};
  LifeLine life_;
  KeptProcess gateway_, probes_;
  Wake wake_;
  std::atomic<bool> stopping_{false};
};

// Of a server whose first process was killed, its gateway may still drain.
std::string is_ending(const std::string& lock) {
  const auto holder = platform::LockFile::holder(lock);
  const auto words = platform::arguments_of(holder.value_or(0));
  return words.size() > 1 && words[1] == "serve"
             ? ""
             : "; it is what is left of a server that was killed, and is gone within its --drain";
}

std::unique_ptr<platform::LockFile> lock(const std::string& directory) {
  const std::string path = directory + "/lock";
  try {
    return std::make_unique<platform::LockFile>(path);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw Exit{kExitFailure, error.what()};
    throw Exit{kExitLocked, std::string("another sanctum serves this state directory: ") +
                                error.what() + is_ending(path)};
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

int keep(const ServeConfig& config, const std::function<ServeConfig()>& resolve) {
  platform::make_files_private();
  platform::notify_manager(more_time(kCopyLimit));
  or_exit(kExitFailure, [&] { make_state_dir(config.state_dir); });
  const auto held = lock(config.state_dir);
  forget_serving(config.state_dir);  // whoever wrote it is gone
  return or_exit(kExitFailure, [&] {
    Keeper keeper(config, resolve, keep_release(config.state_dir), *held);
    const SignalWatch signal_watch(
        {[&keeper] { keeper.end(); }, [&keeper] { keeper.end_at_once(); }},
        seconds(config.drain_s) + kStopBeyondGateway, kExitCut);
    return keeper.run();
  });
}

}  // namespace sanctum
