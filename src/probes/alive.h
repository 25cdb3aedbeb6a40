// The probe "alive": the gateway answers, through every listener. It asks for the list of models,
// which takes no inference; any answer in HTTP will do, also one that says that there is no engine:
// that is the supervisor's to mend. Thread rule: the caller's.
#pragma once

#include <chrono>
#include <vector>

#include "client/endpoint.h"
#include "probes/check.h"

namespace sanctum::probes {

// One check for each listener; each takes at most `limit`.
std::vector<Check> check_alive(const std::vector<client::Endpoint>& listeners,
                               std::chrono::milliseconds limit);

}  // namespace sanctum::probes
