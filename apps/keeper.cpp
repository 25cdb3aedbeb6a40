#include "apps/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "apps/exit.h"
#include "apps/kept_process.h"
#include "apps/running_release.h"
#include "apps/signal_watch.h"
#include "base/log.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "platform/service_manager.h"
#include "supervisor/keeper_policy.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kStopBeyondGateway{
    1500};                                // after the drain: the gateway's own limit is less
constexpr milliseconds kLastMoment{300};  // from a second signal to SIGKILL
constexpr milliseconds kReapEvery{50};    // when a socket has ended and its process has not
constexpr milliseconds kLookEvery{1000};
constexpr seconds kProbesSilenceMax{30};
constexpr seconds kProbesPause{5};  // before another start

// Lets the threads of SignalWatch wake the keeper's.
class Wake {
 public:
  Wake() {
    if (::pipe(ends_) != 0) throw Exit{kExitFailure, "cannot make a pipe"};
    for (const int end : ends_) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
  }
  ~Wake() {
    for (const int end : ends_) ::close(end);
  }
  void wake() { [[maybe_unused]] const ssize_t written = ::write(ends_[1], "!", 1); }
  void take() {
    char bytes[64];
    while (::read(ends_[0], bytes, sizeof bytes) > 0) {
    }
  }
  int descriptor() const { return ends_[0]; }

 private:
  int ends_[2] = {-1, -1};
};

class Keeper {
 public:
  Keeper(std::vector<std::string> arguments, bool probes, std::optional<RunningRelease> release)
      : arguments_(std::move(arguments)), wants_probes_(probes), release_(std::move(release)) {}

  int run() {
    act_on(supervisor::time_passed(state_, Clock::now()));
    while (!exit_code_) {
      wait();
      wake_.take();
      gateway_.read_lines([this](const std::string& line) { gateway_said(line); });
      probes_.read_lines([this](const std::string& line) { probes_said(line); });
      platform::notify_manager("WATCHDOG=1");
      if (stopping_) forward_end();
      look_at_gateway();
      look_at_probes();
      if (!exit_code_ && !gateway_.there() && Clock::now() >= next_start_)
        act_on(supervisor::time_passed(state_, Clock::now()));
    }
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
  }

 private:
  void wait() {
    Instant until = Clock::now() + kLookEvery;
    if (!gateway_.there()) until = std::min(until, next_start_);
    if ((gateway_.there() && gateway_.descriptor() < 0) ||
        (probes_.there() && probes_.descriptor() < 0))
      until = Clock::now() + kReapEvery;
    const auto left =
        std::chrono::duration_cast<milliseconds>(std::max(until, Clock::now()) - Clock::now());
    // Those of -1 are passed over.
    pollfd watched[] = {{wake_.descriptor(), POLLIN, 0},
                        {gateway_.descriptor(), POLLIN, 0},
                        {probes_.descriptor(), POLLIN, 0}};
    ::poll(watched, std::size(watched), static_cast<int>(left.count()) + 1);
  }

  void act_on(const supervisor::KeeperDecision& decision) {
    next_start_ = decision.next_timer;
    if (decision.exit_code) {
      if (*decision.exit_code != 0) log::error("gateway_ended", {{"reason", decision.reason}});
      exit_code_ = decision.exit_code;
    } else if (decision.start) {
      gateway_.start(part("gateway"));
      log::info("gateway_started", {{"pid", gateway_.pid()}});
      condemned_ = told_ = false;
      planned_ = false;
    }
  }

  platform::ProcessOptions part(const std::string& command) const {
    platform::ProcessOptions options;
    options.path = release_ ? release_->program() : platform::executable_path();
    options.arguments.push_back(command);
    for (const auto* more : {&arguments_, &addresses_})
      options.arguments.insert(options.arguments.end(), more->begin(), more->end());
    if (release_) options.environment.push_back(library_path(*release_));
    return options;
  }

  void gateway_said(const std::string& line) {
    if (line.rfind("ready", 0) == 0) {
      supervisor::became_ready(state_, Clock::now());
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);
      platform::notify_manager("READY=1");
      probes_.tell("unplanned");
    } else if (line == "restart") {
      log::info("planned_restart");
      planned_ = true;
      probes_.tell("planned");
      gateway_.signal(SIGTERM);
    } else if (line.rfind("run ", 0) == 0) {
      probes_.tell(line);
    } else if (line.rfind("listening ", 0) == 0) {
      // The next gateway is found where this one is, also where the system chose the ports.
      const std::size_t space = line.find(' ', 10);
      if (space == std::string::npos) return;
      addresses_ = {"--listen", line.substr(10, space - 10), "--mtls-listen",
                    line.substr(space + 1)};
      if (wants_probes_ && !probes_.there()) start_probes();
    }
  }

  void start_probes() {
    try {
      probes_.start(part("probes"));
      log::info("probes_started", {{"pid", probes_.pid()}});
    } catch (const Error& error) {
      log::error("probes_cannot_start", {{"error", error.what()}});
    }
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
    if (!std::exchange(told_, true)) {
      platform::notify_manager("STOPPING=1");
      gateway_.signal(SIGTERM);
      probes_.signal(SIGTERM);
    }
    if (!gateway_.there()) exit_code_ = 0;
  }

  void look_at_gateway() {
    const auto status = gateway_.ended();
    if (!status) return;
    if (stopping_) {
      exit_code_ = status->signal == 0 ? status->code : kExitCut;
      return;
    }
    if (planned_) return act_on(supervisor::planned_restart(state_, Clock::now()));
    log::write(status->signal == 0 && status->code == 0 ? log::Level::kInfo : log::Level::kError,
               "gateway_gone", {{"how", platform::describe(*status)}});
    act_on(supervisor::gateway_ended(state_, *status, condemned_, Clock::now()));
  }

  void look_at_probes() {
    if (const auto status = probes_.ended(); status && !stopping_)
      log::error("probes_gone", {{"how", platform::describe(*status)}});
    if (stopping_ || !wants_probes_ || addresses_.empty()) return;
    if (probes_.there() && Clock::now() - beat_ > kProbesSilenceMax) {
      log::error("probes_hang", {{"pid", probes_.pid()}});
      probes_.signal(SIGKILL);
      beat_ = Clock::now();
    } else if (!probes_.there() && Clock::now() - beat_ > kProbesPause) {
      start_probes();
    }
  }

  const std::vector<std::string> arguments_;
  const bool wants_probes_;
  const std::optional<RunningRelease> release_;
  std::vector<std::string> addresses_;  // in force, once they are
  supervisor::KeeperState state_;
  Instant next_start_ = Instant::max();  // of the gateway
  Instant beat_{};                       // of the probes; or when they were last started
  std::optional<int> exit_code_;
  bool told_ = false;       // the gateway is ending
  bool condemned_ = false;  // by the probes
  bool planned_ = false;    // it ends for a planned restart
  KeptProcess gateway_, probes_;
  Wake wake_;
  std::atomic<bool> stopping_{false};
};

std::unique_ptr<platform::LockFile> lock(const std::string& directory) {
  try {
    return std::make_unique<platform::LockFile>(directory + "/lock");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw Exit{kExitFailure, error.what()};
    throw Exit{kExitLocked,
               std::string("another sanctum serves this state directory: ") + error.what()};
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
    return std::nullopt;
  }
}

}  // namespace

int keep(const ServeConfig& config, const std::vector<std::string>& arguments) {
  const std::string state = or_exit(kExitFailure, [&] { return make_state_dir(config); });
  const auto held = lock(state);
  Keeper keeper(arguments, config.probes == "on", keep_release(state));
  const SignalWatch signal_watch({[&keeper] { keeper.end(); }, [&keeper] { keeper.end_at_once(); }},
                                 seconds(config.drain_s) + kStopBeyondGateway, kExitCut);
  return or_exit(kExitFailure, [&] { return keeper.run(); });
}

}  // namespace sanctum
