#include "supervisor/gateway_restart_policy.h"

#include <csignal>

#include "base/exit_code.h"
#include "base/temporary_lack.h"

namespace sanctum::supervisor {
namespace {

KeeperDecision decided(const KeeperState& state, const RestartDecision& decision) {
  KeeperDecision out{.start = decision.start,
                     .exit_code = std::nullopt,
                     .reason = state.restarts.reason,
                     .next_timer = decision.next_timer};
  if (state.restarts.worker == WorkerState::kParked) out.exit_code = kExitFailure;
  return out;
}

KeeperDecision lacks_something(KeeperState& state, const std::string& reason, Instant now) {
  return decided(
      state, decide(state.restarts, {.kind = WorkerEvent::Kind::kLacked, .reason = reason}, now));
}

}  // namespace

KeeperDecision time_passed(KeeperState& state, Instant now) {
  return decided(state, decide(state.restarts, {.kind = WorkerEvent::Kind::kTimer}, now));
}

void became_ready(KeeperState& state, Instant now) {
  decide(state.restarts, {.kind = WorkerEvent::Kind::kAnswered}, now);
  decide(state.restarts, {.kind = WorkerEvent::Kind::kLoaded}, now);
}

KeeperDecision gateway_cannot_start(KeeperState& state, const std::string& reason, bool missing,
                                    Instant now) {
  if (!missing) return lacks_something(state, reason, now);
  return decided(state, decide(state.restarts,
                               {.kind = WorkerEvent::Kind::kCannotStart, .reason = reason}, now));
}

KeeperDecision planned_restart(KeeperState& state, Instant now) {
  state = {};
  return time_passed(state, now);
}

KeeperDecision gateway_ended(KeeperState& state, const platform::ExitStatus& status, GatewayEnd end,
                             Instant now) {
  if (status.signal == 0 && status.code == kExitTryAgain)
    return lacks_something(state, "the system lacks what the gateway needs", now);
  // It ends so when it is asked to: an out-of-memory daemon may have sent it SIGTERM, for one.
  const bool asked_by_another = status.signal == 0 && end == GatewayEnd::kUnasked &&
                                (status.code == 0 || status.code == kExitCut);
  // One that hung may come to itself when it is asked to end, and leave well.
  if (status.signal == 0 && !asked_by_another && end != GatewayEnd::kHung)
    return {.start = false,
            .exit_code = status.code,
            .reason = "the gateway " + platform::describe(status),
            .next_timer = Instant::max()};
  const bool from_outside =
      end != GatewayEnd::kHung &&
      (asked_by_another || status.signal == SIGKILL || status.signal == SIGTERM ||
       status.signal == SIGINT || status.signal == SIGHUP);
  return decided(state, decide(state.restarts,
                               {.kind = WorkerEvent::Kind::kDied,
                                .exit_code = -1,
                                .reason = "the gateway " + platform::describe(status),
                                .from_outside = from_outside},
                               now));
}

}  // namespace sanctum::supervisor
