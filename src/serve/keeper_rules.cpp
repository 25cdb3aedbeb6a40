#include "serve/keeper_rules.h"

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "platform/service_manager.h"
#include "settings/handed_config.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLookEvery{1000};
// What the service manager grants before there are listeners; it is asked again and again.
constexpr seconds kListenWithin{60};

}  // namespace

KeeperRules::KeeperRules(settings::ServeConfig config, KeeperPort& port)
    : port_(port), told_config_(config), config_(std::move(config)) {}

void KeeperRules::begin() {
  port_.notify_manager("WATCHDOG=1");
  act_on(supervisor::time_passed(state_, port_.now()));
}

void KeeperRules::turn() {
  port_.notify_manager("WATCHDOG=1");
  if (!ready_told_) port_.notify_manager(platform::more_time(kListenWithin));
  if (!exit_code_) look_at_planned_restart();
  if (!exit_code_) look_at_probes();
  if (!exit_code_) look_at_remains();
  if (!exit_code_ && may_start() && port_.now() >= next_start_)
    act_on(supervisor::time_passed(state_, port_.now()));
}

Instant KeeperRules::next_turn() const {
  const Instant look = port_.now() + kLookEvery;
  return may_start() ? std::min(look, next_start_) : look;
}

void KeeperRules::act_on(const supervisor::KeeperDecision& decision) {
  next_start_ = decision.next_timer;
  if (decision.exit_code) {
    if (*decision.exit_code != 0) log::error("gateway_ended", {{"reason", decision.reason}});
    exit_code_ = decision.exit_code;
  } else if (decision.start) {
    start_gateway();
  }
}

void KeeperRules::start_gateway() {
  const auto cannot = [this](const std::string& reason, bool missing) {
    act_on(supervisor::gateway_cannot_start(state_, reason, missing, port_.now()));
  };
  if (!may_start()) return cannot("an engine of the last gateway's is still there", false);
  condemned_ = told_ = planned_ = listening_ = false;
  try {
    port_.start_gateway(config_);
  } catch (const Error& error) {
    log::error("gateway_cannot_start", {{"error", error.what()}});
    cannot(error.what(), error.code() == ErrorCode::kNotFound);
  }
}

void KeeperRules::gateway_said(const KeeperMessage& message) {
  std::visit([this](const auto& said) { hear(said); }, message);
}

void KeeperRules::hear(const keeper_message::Ready& ready) {
  supervisor::became_ready(state_, port_.now());
  was_ready_ = true;
  port_.say_ready(ready);
  planned_restart_is_over();
}

void KeeperRules::hear(const keeper_message::CannotServe& cannot) {
  if (was_ready_ || ending_) return;
  last_words_ = cannot.reason;
  end();
}

void KeeperRules::hear(const keeper_message::RestartIsPlanned&) {
  if (!planned_) begin_planned_restart();
}

void KeeperRules::hear(const keeper_message::Listens& listens) {
  // The next gateway is found where this one is, also where the system chose the ports.
  config_.listen = listens.plain;
  config_.mtls_listen = listens.mtls;
  listening_ = true;
  if (!std::exchange(ready_told_, true)) port_.notify_manager("READY=1");
  if (wants_probes() && port_.probes_pid() == 0) start_probes();
}

void KeeperRules::probes_said(const KeeperMessage& message) {
  beat_ = port_.now();
  const auto* replace = std::get_if<keeper_message::ReplaceGateway>(&message);
  if (replace == nullptr || port_.gateway_pid() == 0 || ending_) return;
  log::error("gateway_hangs", {{"pid", port_.gateway_pid()}, {"reason", replace->reason}});
  condemned_ = true;
  port_.signal_gateway(SIGKILL);
}

void KeeperRules::begin_planned_restart() {
  log::info("planned_restart");
  planned_ = restarting_ = true;
  gone_by_ = port_.now() + seconds(config_.drain_s) + kStopBeyondGateway;
  proven_by_ = gone_by_ + seconds(config_.ready_timeout_s);
  port_.tell_probes(keeper_message::Restarting{true});
  end_gateway();
}

void KeeperRules::planned_restart_is_over() {
  restarting_ = false;
  port_.tell_probes(keeper_message::Restarting{false});
}

// What was planned excuses nothing for ever: neither a gateway that does not end, nor one that does
// not come to be of use.
void KeeperRules::look_at_planned_restart() {
  const Instant now = port_.now();
  if (planned_ && port_.gateway_pid() != 0 && now >= gone_by_) {
    log::error("gateway_hangs",
               {{"pid", port_.gateway_pid()}, {"reason", "it did not end in time"}});
    port_.signal_gateway(SIGKILL);
  }
  if (!restarting_ || now < proven_by_) return;
  log::error("planned_restart_overdue", {{"limit_s", config_.ready_timeout_s}});
  planned_restart_is_over();
}

// One SIGTERM a life: the second would cut its requests.
void KeeperRules::end_gateway() {
  if (!std::exchange(told_, true)) port_.signal_gateway(SIGTERM);
}

void KeeperRules::end() {
  if (!std::exchange(ending_, true)) {
    port_.notify_manager("STOPPING=1");
    port_.notify_manager(platform::more_time(seconds(config_.drain_s) + 2 * kStopBeyondGateway));
    end_gateway();
    port_.signal_probes(SIGTERM);
  }
  if (port_.gateway_pid() == 0 && !exit_code_) exit_code_ = 0;
}

void KeeperRules::gateway_ended(const platform::ExitStatus& status) {
  gone_since_ = port_.now();
  port_.end_fallback();  // the next gateway would never know that it is ours
  if (ending_) {
    // Before it listened, it had neither requests to cut nor a way to end in order.
    const bool idle = !listening_ && status.signal == SIGTERM;
    exit_code_ = !last_words_.empty() ? kExitFailure
                 : status.signal == 0 ? status.code
                 : idle               ? 0
                                      : kExitCut;
    return;
  }
  if (planned_) {
    look_at_configuration();
    beat_ = port_.now();  // nobody was listened to meanwhile
    return act_on(supervisor::planned_restart(state_, port_.now()));
  }
  log::error("gateway_gone", {{"how", platform::describe(status)}});
  const auto end = condemned_ ? supervisor::GatewayEnd::kHung
                   : told_    ? supervisor::GatewayEnd::kAsked
                              : supervisor::GatewayEnd::kUnasked;
  act_on(supervisor::gateway_ended(state_, status, end, port_.now()));
}

// A planned start takes what is configured by then. What belongs to this very process stays.
void KeeperRules::look_at_configuration() {
  try {
    settings::ServeConfig now = port_.resolve();
    if (now.state_dir != told_config_.state_dir)
      log::warn("state_dir_not_taken", {{"why", "only another start takes another one"}});
    now.state_dir = told_config_.state_dir;
    if (settings::encode(now) == settings::encode(told_config_)) return;
    settings::ServeConfig next = now;
    if (now.listen == told_config_.listen) next.listen = config_.listen;
    if (now.mtls_listen == told_config_.mtls_listen) next.mtls_listen = config_.mtls_listen;
    told_config_ = std::move(now);
    config_ = std::move(next);
    log::info("configuration_changed", {{"file", config_.file}});
    probes_outdated_ = true;
    port_.signal_probes(SIGKILL);
  } catch (const Exit& exit) {
    log::error("configuration_not_taken", {{"error", exit.message}});
  } catch (const std::exception& error) {
    log::error("configuration_not_taken", {{"error", error.what()}});
  }
}

void KeeperRules::start_probes() {
  try {
    port_.start_probes(config_);
    if (restarting_) port_.tell_probes(keeper_message::Restarting{true});
  } catch (const Error& error) {
    log::error("probes_cannot_start", {{"error", error.what()}});
  }
  probes_outdated_ = false;
  beat_ = port_.now();
}

void KeeperRules::probes_ended(const platform::ExitStatus& status) {
  if (!ending_ && !probes_outdated_)
    log::error("probes_gone", {{"how", platform::describe(status)}});
}

void KeeperRules::look_at_probes() {
  if (ending_ || !wants_probes() || !ready_told_) return;
  const Instant now = port_.now();
  if (probes_outdated_) {
    if (port_.probes_pid() == 0 && listening_) start_probes();
  } else if (port_.probes_pid() != 0 && now - beat_ > kProbesSilenceMax) {
    log::error("probes_hang", {{"pid", port_.probes_pid()}});
    port_.signal_probes(SIGKILL);
    beat_ = now;
  } else if (port_.probes_pid() == 0 && now - beat_ > kProbesPause) {
    start_probes();
  }
}

// An engine ends by itself when its gateway is gone; one that is stopped does not.
void KeeperRules::look_at_remains() {
  if (port_.gateway_pid() != 0 || port_.engines_gone() || port_.now() - gone_since_ < kRemainsMax)
    return;
  log::error("engine_remains", {{"pid", port_.engine_pid()}});
  port_.end_engine();
  gone_since_ = port_.now();
}

}  // namespace sanctum::serve
