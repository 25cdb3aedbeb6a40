#include "gateway/refusal_log.h"

#include <utility>

#include "base/log.h"

namespace sanctum::gateway {

std::optional<std::uint64_t> RefusalBudget::take(Instant now) {
  if (now >= window_end_) {
    window_end_ = now + kRefusalLinesWindow;
    lines_ = 0;
  }
  if (lines_ == kRefusalLinesMax) {
    ++untold_;
    return std::nullopt;
  }
  ++lines_;
  return std::exchange(untold_, 0);
}

void RefusalLog::tell(const char* event, const std::string& peer, const std::string& reason) {
  std::optional<std::uint64_t> untold;
  {
    const std::lock_guard lock(mutex_);
    untold = budget_.take(Clock::now());
  }
  if (!untold) return;
  std::vector<log::Field> fields{{"peer", peer}, {"reason", reason}};
  if (*untold > 0) fields.emplace_back("untold_before", *untold);
  log::warn(event, fields);
}

}  // namespace sanctum::gateway
