// Whether something was killed for want of memory about when a process died: of a counter that the
// system keeps, what it said again and again while the process lived. A pure function of (looks,
// now): what was counted long before a death has nothing to do with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace sanctum::supervisor {

// From the kill to the death: a large process gives its memory back before its sockets.
inline constexpr std::chrono::seconds kOutOfMemoryToDeath{10};

class OutOfMemoryWatch {
 public:
  OutOfMemoryWatch() = default;
  // `count`: when the process was started; nothing when it could not be read.
  explicit OutOfMemoryWatch(std::optional<std::uint64_t> count) : count_(count) {}

  void look(std::optional<std::uint64_t> count, Instant now) {
    if (!count) return;
    if (count_ && *count > *count_) grew_at_ = now;
    count_ = count;
  }
  bool was_lately(Instant now) const { return grew_at_ && now - *grew_at_ <= kOutOfMemoryToDeath; }

 private:
  std::optional<std::uint64_t> count_;
  std::optional<Instant> grew_at_;
};

}  // namespace sanctum::supervisor
