// Time that counts against somebody who is looked at again and again. Of a pause of the
// looker's own (a machine that slept, a debugger) a few looks' time counts.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace sanctum {

inline constexpr int kLooksCounted = 4;  // a longer time between two looks counts as this many

// Since the last look, `looked_at`, which becomes `now`. Looks are due every `look_every`.
inline std::chrono::nanoseconds watched_time(Instant& looked_at, Instant now,
                                             std::chrono::nanoseconds look_every) {
  const std::chrono::nanoseconds passed = now - looked_at;
  looked_at = now;
  return std::clamp(passed, std::chrono::nanoseconds(0), kLooksCounted * look_every);
}

}  // namespace sanctum
