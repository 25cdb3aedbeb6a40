// Requests that ended engines, and are not run again for a while. Values; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "wire/messages.h"

namespace sanctum::gateway {

inline constexpr std::size_t kQuarantinedMax = 64;  // the oldest is let go for a new one
inline constexpr std::chrono::hours kQuarantine{1};

// What a request asks, whoever asks it, with whatever seed: FNV-1a, 64 bits.
std::uint64_t fingerprint(const wire::GenerateRequest& request);

class Quarantine {
 public:
  void add(std::uint64_t fingerprint, Instant now);
  bool holds(const wire::GenerateRequest& request, Instant now);

 private:
  struct Held {
    std::uint64_t fingerprint;
    Instant until;
  };
  std::deque<Held> held_;  // oldest first
};

}  // namespace sanctum::gateway
