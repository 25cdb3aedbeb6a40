#include "kept_server.h"

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/exit_code.h"

namespace sanctum::simulation {

namespace message = serve::keeper_message;

namespace {

constexpr int kBootMsMax = 400, kProofMsMax = 3000;
constexpr int kDrainS = 4, kReadyTimeoutS = 20;
constexpr int kBeatMs = 5000, kHangSeenMsMax = 15'000;
constexpr milliseconds kEngineLeavesWithin{800};
// The manager ends whom it does not hear from for so long.
constexpr seconds kWatchdog{10};

settings::ServeConfig configuration(int number) {
  settings::ServeConfig config;
  config.drain_s = kDrainS;
  config.ready_timeout_s = kReadyTimeoutS;
  config.queue = number;
  return config;
}

}  // namespace

KeptServer::KeptServer(World& world, KeeperBug bug)
    : world_(world), bug_(bug), rules_(configuration(1), *this) {}

settings::ServeConfig KeptServer::resolve() {
  return configuration(bug_ == KeeperBug::kOldConfiguration ? 1 : configured_);
}

void KeptServer::start() {
  notified_ = now();
  rules_.begin();
  turn();
}

// As the keeper's own loop, which waits for what is heard and for the next turn.
void KeptServer::turn() {
  if (rules_.exit_code()) return left_behind();
  if (now() - notified_ > kWatchdog) return world_.violated("the manager hears nothing");
  if (ending_) rules_.end();
  rules_.turn();
  if (rules_.exit_code()) return left_behind();
  const int turn = ++turn_;
  const auto wait = std::max(rules_.next_turn() - now(), Clock::duration{});
  world_.after(std::chrono::ceil<milliseconds>(wait) + milliseconds(1), [this, turn] {
    if (turn == turn_) this->turn();
  });
}

// The keeper's last act.
void KeptServer::left_behind() {
  if (!engines_gone()) end_engine();
}

void KeptServer::end() {
  ending_ = true;
  rules_.end();
  turn();
}

void KeptServer::start_gateway(const settings::ServeConfig& config) {
  ++starts_;
  if (bug_ == KeeperBug::kCanary) world_.violated("the canary sings");
  if (lacking_ > 0) {
    --lacking_;
    throw Error(
        bug_ == KeeperBug::kGivesUpWhatIsLacking ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
        "no process can be made");
  }
  if (gateway_) world_.violated("two gateways at once");
  if (engine_) world_.violated("a gateway is started beside the last one's engine");
  if (fallback_) world_.violated("a gateway is started beside the last one's fallback");
  gateway_ = std::make_shared<Process>(Process{.pid = ++pids_, .configured = config.queue});
  const Pointer mine = gateway_;
  world_.after(world_.time(10, kBootMsMax), [this, mine] {
    if (gateway_ != mine || mine->hangs) return;
    engine_ = std::make_shared<Process>(Process{.pid = ++pids_});
    engine_stands_still_ = false;
    gateway_says(mine, message::Listens{"127.0.0.1:1", "off"});
    gateway_says(mine, message::EngineIs{engine_->pid});
    if (world_.chance(0.3)) {
      fallback_ = true;
      gateway_says(mine, message::FallbackIs{++pids_});
    }
    world_.after(world_.time(10, kProofMsMax), [this, mine] {
      if (gateway_ != mine || mine->hangs || mine->told) return;
      engine_stands_still_ = false;  // or it would have been replaced
      mine->proven = true;
      gateway_says(mine, message::Ready{});
    });
  });
}

void KeptServer::start_probes(const settings::ServeConfig&) {
  if (probes_) world_.violated("two processes of probes at once");
  probes_ = std::make_shared<Process>(Process{.pid = ++pids_});
  probe(probes_);
}

// They beat, and see within a while that the gateway hangs.
void KeptServer::probe(const Pointer& probes) {
  world_.after(milliseconds(kBeatMs), [this, probes] {
    if (probes_ != probes || probes->silent || rules_.exit_code()) return;
    rules_.probes_said(message::Beat{});
    const Pointer seen = gateway_;
    if (seen && seen->hangs && !probes->restarting) {
      world_.after(world_.time(0, kHangSeenMsMax), [this, probes, seen] {
        if (probes_ != probes || probes->silent || gateway_ != seen || !seen->hangs) return;
        if (bug_ == KeeperBug::kIgnoresTheProbes) return;
        rules_.probes_said(message::ReplaceGateway{"it hangs"});
        turn();
      });
    }
    turn();
    probe(probes);
  });
}

void KeptServer::gateway_says(const Pointer& gateway, const serve::KeeperMessage& message) {
  if (gateway_ != gateway || rules_.exit_code()) return;
  rules_.gateway_said(message);
  turn();
}

void KeptServer::gateway_gone(const Pointer& gateway, const platform::ExitStatus& status) {
  if (gateway_ != gateway) return;
  if (bug_ == KeeperBug::kLosesTheLastWord) {
    gateway->proven = false;
    return;
  }
  gateway_ = nullptr;
  engine_leaves();
  if (rules_.exit_code()) return;
  rules_.gateway_ended(status);
  if (fallback_) world_.violated("a fallback outlives the gateway that started it");
  turn();
}

// Without its gateway an engine ends by itself, unless it stands still.
void KeptServer::engine_leaves() {
  const Pointer engine = engine_;
  if (!engine || engine_stands_still_) return;
  world_.after(world_.time(0, static_cast<int>(kEngineLeavesWithin.count())), [this, engine] {
    if (engine_ != engine || gateway_ || engine_stands_still_) return;
    engine_ = nullptr;
    turn();
  });
}

void KeptServer::signal_gateway(int number) {
  const Pointer gateway = gateway_;
  if (!gateway) return;
  if (number == SIGTERM) {
    if (std::exchange(gateway->told, true))
      return world_.violated("a gateway is told twice to end");
    if (bug_ == KeeperBug::kTellsTwice) signal_gateway(SIGTERM);
    if (gateway->hangs) return;
    world_.after(world_.time(1, kDrainS * 1000), [this, gateway] {
      if (!gateway->hangs) gateway_gone(gateway, {.code = 0, .signal = 0});
    });
    return;
  }
  world_.after(milliseconds(world_.pick(0, 50)),
               [this, gateway, number] { gateway_gone(gateway, {.code = 0, .signal = number}); });
}

void KeptServer::signal_probes(int number) {
  const Pointer probes = probes_;
  if (!probes || (number != SIGKILL && probes->silent)) return;
  if (bug_ == KeeperBug::kKeepsSilentProbes && probes->silent) return;
  if (bug_ == KeeperBug::kForgetsTheProbes && ending_) return;
  world_.after(world_.time(0, 50), [this, probes, number] {
    if (probes_ != probes) return;
    probes_ = nullptr;
    if (rules_.exit_code()) return;
    rules_.probes_ended({.code = 0, .signal = number});
    turn();
  });
}

void KeptServer::tell_probes(const serve::KeeperMessage& message) {
  const auto* restarting = std::get_if<message::Restarting>(&message);
  if (!probes_ || restarting == nullptr) return;
  if (bug_ == KeeperBug::kNeverForgetsThePlan && !restarting->so) return;
  probes_->restarting = restarting->so;
}

void KeptServer::end_engine() {
  if (bug_ == KeeperBug::kNeverEndsTheEngine) return;
  if (gateway_ && !rules_.exit_code()) world_.violated("an engine is ended that has its gateway");
  engine_ = nullptr;
}

void KeptServer::end_fallback() {
  if (bug_ != KeeperBug::kKeepsTheFallback) fallback_ = false;
}

void KeptServer::kill_gateway(int number) {
  if (gateway_) gateway_gone(Pointer(gateway_), {.code = 0, .signal = number});
}
void KeptServer::leave_gateway(int code) {
  if (gateway_) gateway_gone(Pointer(gateway_), {.code = code, .signal = 0});
}
void KeptServer::hang_gateway() {
  if (gateway_) gateway_->hangs = true;
}
void KeptServer::stop_engine() {
  if (engine_) engine_stands_still_ = true;
}
void KeptServer::silence_probes() {
  if (probes_) probes_->silent = true;
}
void KeptServer::kill_probes() {
  signal_probes(SIGKILL);
}
void KeptServer::plan_restart() {
  if (gateway_) gateway_says(Pointer(gateway_), message::RestartIsPlanned{});
}

}  // namespace sanctum::simulation
