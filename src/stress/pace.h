// How long a worker waits after a failure, and how durations are written. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sanctum::stress {

using Milliseconds = std::chrono::milliseconds;

inline constexpr Milliseconds kBackoffFirst{50};
inline constexpr Milliseconds kBackoffMax{2'000};
inline constexpr Milliseconds kRetryAfterDefault{500};  // for a 429 that names no time
inline constexpr Milliseconds kRetryAfterMax{10'000};
inline constexpr Milliseconds kRefusalGrace{20'000};  // for refused requests after the run's end
inline constexpr Milliseconds kDurationMax{std::chrono::hours(24 * 7)};

// Doubles from kBackoffFirst with every failure in a row, up to kBackoffMax. 0 failures: no wait.
Milliseconds backoff(int failures_in_a_row);
// What a 429 asks for, within bounds.
Milliseconds refusal_wait(std::optional<Milliseconds> retry_after);

// "300s", "5m", "1h", "500ms" or "90" (seconds). Throws Error(kInvalid) for anything else, for
// zero and for more than kDurationMax.
Milliseconds parse_duration(std::string_view text);

}  // namespace sanctum::stress
