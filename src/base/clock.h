// Time as the deciding code sees it: a monotonic instant that is passed in, never asked for.
//
// Only monotonic time is used for waits and deadlines: wall clocks jump.
#pragma once

#include <chrono>
#include <cstdint>

namespace sanctum {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Microseconds = std::chrono::microseconds;

// Of this machine since it started: the same in all its processes.
inline std::int64_t microseconds_of(Instant at) {
  return std::chrono::duration_cast<Microseconds>(at.time_since_epoch()).count();
}

inline std::int64_t microseconds_between(Instant from, Instant to) {
  return std::chrono::duration_cast<Microseconds>(to - from).count();
}

}  // namespace sanctum
