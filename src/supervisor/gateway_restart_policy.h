// What the first process of `serve` does about the end of the gateway it started: a pure function
// of (state, event, now).
//
// One that ends by itself has said what is wrong with its exit code, and the whole ends with it,
// unless what it lacked may be there again soon: processes, threads, descriptors. One that is ended
// by a signal, a crash or the probes' demand, however it leaves then, or well though nobody here
// had asked it to end, is started again as restart_policy.h says.
#pragma once

#include <optional>
#include <string>

#include "platform/exit_status.h"
#include "supervisor/restart_policy.h"

namespace sanctum::supervisor {

struct KeeperState {
  RestartState restarts;
};

struct KeeperDecision {
  bool start = false;            // a gateway, now
  std::optional<int> exit_code;  // end with this
  std::string reason;            // of an end, or of the pause before a start
  Instant next_timer = Instant::max();
};

KeeperDecision time_passed(KeeperState& state, Instant now);
// The gateway can be asked.
void became_ready(KeeperState& state, Instant now);
// The system has no process, memory or descriptor for one; that is nobody's fault and is never
// given up. `missing`: there is nothing that could be run.
KeeperDecision gateway_cannot_start(KeeperState& state, const std::string& reason, bool missing,
                                    Instant now);
// It ended because it was to be started afresh.
KeeperDecision planned_restart(KeeperState& state, Instant now);
// Why the keeper had it end, if it had.
enum class GatewayEnd { kUnasked, kAsked, kHung };
KeeperDecision gateway_ended(KeeperState& state, const platform::ExitStatus& status, GatewayEnd end,
                             Instant now);

}  // namespace sanctum::supervisor
