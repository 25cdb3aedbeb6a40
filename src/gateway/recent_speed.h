// How fast answers are made: all streams together over the last seconds, and the one that ended
// last. The probes' requests are not counted by who adds. Thread rule: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "wire/messages.h"

namespace sanctum::gateway {

inline constexpr int kSpeedWindowS = 10;

// Tokens a second.
struct Speed {
  double now = 0;                // generated for everybody, a mean over the window
  std::optional<double> prompt;  // of the last answer; without what was cached
  std::optional<double> decode;  // of the last answer, behind its first token
};

class RecentSpeed {
 public:
  void generated(int tokens, Instant now);
  void answered(const wire::Completed& completed);
  Speed told(Instant now) const;

 private:
  struct Second {
    std::int64_t number = -1;  // since the clock's beginning
    std::int64_t tokens = 0;
  };
  mutable std::mutex mutex_;
  std::array<Second, kSpeedWindowS> seconds_;
  std::optional<double> prompt_, decode_;
};

}  // namespace sanctum::gateway
