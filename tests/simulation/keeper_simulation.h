// One schedule of a server's processes under its keeper: they die, hang, stand still, are lacking,
// are restarted as planned; then the faults end, and everything must run; then it ends. Drawn from
// a seed, the same every time.
#pragma once

#include <cstdint>
#include <string>

#include "keeper_bugs.h"

namespace sanctum::simulation {

struct KeptOutcome {
  std::string violation;  // empty: no rule was broken
  std::uint64_t events = 0;
  int starts = 0;  // of gateways
};

KeptOutcome simulate_keeper(std::uint64_t seed, KeeperBug bug = KeeperBug::kNone);

}  // namespace sanctum::simulation
