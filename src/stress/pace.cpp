#include "stress/pace.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/error.h"

namespace sanctum::stress {
namespace {

std::optional<std::int64_t> unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit.empty() || unit == "s") return 1'000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  return std::nullopt;
}

}  // namespace

Milliseconds backoff(int failures_in_a_row) {
  if (failures_in_a_row <= 0) return Milliseconds(0);
  const int doublings = std::min(failures_in_a_row - 1, 16);
  return std::min(kBackoffFirst * (1 << doublings), kBackoffMax);
}

Milliseconds refusal_wait(std::optional<Milliseconds> retry_after) {
  return std::clamp(retry_after.value_or(kRetryAfterDefault), kBackoffFirst, kRetryAfterMax);
}

Milliseconds parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto unit = unit_ms(text.substr(static_cast<std::size_t>(end - text.data())));
  if (error != std::errc() || !unit || count <= 0 || count > kDurationMax.count() / *unit) {
    throw Error(ErrorCode::kInvalid,
                "'" + std::string(text) +
                    "' is no duration; write 300s, 5m, 1h or 500ms (at most "
                    "7 days)",
                "duration");
  }
  return Milliseconds(count * *unit);
}

}  // namespace sanctum::stress
