// A line for each client that is turned away before it could ask, and no more lines than a scanner
// may write. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace sanctum::gateway {

inline constexpr int kRefusalLinesMax = 20;                     // in each
inline constexpr std::chrono::seconds kRefusalLinesWindow{60};  // of these

class RefusalBudget {
 public:
  // How many were not told since the last that was; nothing when this one is not told either.
  std::optional<std::uint64_t> take(Instant now);

 private:
  Instant window_end_{};
  int lines_ = 0;  // in this window
  std::uint64_t untold_ = 0;
};

class RefusalLog {
 public:
  // `event`: "tls_refused". `peer`: its address.
  void tell(const char* event, const std::string& peer, const std::string& reason);

 private:
  std::mutex mutex_;  // guards the next
  RefusalBudget budget_;
};

}  // namespace sanctum::gateway
