// The probe "alive": the gateway answers, through every listener. It asks for the list of models,
// which takes no inference; any answer in HTTP will do, also one that says that there is no engine:
// that is the supervisor's to mend.
//
// Who refuses us, or is mistrusted by us, is not dead: its TLS handshake or its hanging up proves
// that it runs. A connection alone does not, the system takes it for a stopped process too, and
// neither does what is silent after its handshake. So each listener has two checks: "listener URL",
// whether somebody is there, and "admission at URL", whether we are let in, on which nobody acts.
// What could not be asked at all, for a reason on this side, is no news of the listener: its first
// check is left out then. Thread rule: the caller's.
#pragma once

#include <chrono>
#include <vector>

#include "client/endpoint.h"
#include "probes/check.h"

namespace sanctum::probes {

// At most `limit` for each listener.
std::vector<Check> check_alive(const std::vector<client::Endpoint>& listeners,
                               std::chrono::milliseconds limit);

}  // namespace sanctum::probes
