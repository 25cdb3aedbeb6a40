// One schedule: clients come and go, engines die, stop, hang, their programs are replaced and
// broken; then the faults end, and everything must recover. Drawn from a seed, the same every time.
#pragma once

#include <cstdint>
#include <string>

#include "bugs.h"

namespace sanctum::simulation {

struct Outcome {
  std::string violation;  // empty: no rule was broken
  std::uint64_t events = 0;
  int requests = 0;
  int starts = 0;  // of engines
};

Outcome simulate(std::uint64_t seed, Bug bug = Bug::kNone);

}  // namespace sanctum::simulation
