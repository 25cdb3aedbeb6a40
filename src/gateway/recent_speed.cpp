#include "gateway/recent_speed.h"

namespace sanctum::gateway {
namespace {

std::int64_t second_of(Instant now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

std::optional<double> rate(int tokens, std::int64_t microseconds) {
  if (tokens <= 0 || microseconds <= 0) return std::nullopt;
  return tokens * 1e6 / static_cast<double>(microseconds);
}

}  // namespace

void RecentSpeed::generated(int tokens, Instant now) {
  const std::int64_t number = second_of(now);
  const std::lock_guard lock(mutex_);
  Second& second = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
  if (second.number != number) second = {number, 0};
  second.tokens += tokens;
}

void RecentSpeed::answered(const wire::Completed& completed) {
  const wire::Usage& usage = completed.usage;
  const std::lock_guard lock(mutex_);
  if (const auto prompt =
          rate(usage.prompt_tokens - usage.cached_tokens, completed.timings.prefill_us))
    prompt_ = prompt;
  if (const auto decode = rate(usage.completion_tokens - 1, completed.timings.decode_us))
    decode_ = decode;
}

Speed RecentSpeed::told(Instant now) const {
  const std::int64_t number = second_of(now);
  const std::lock_guard lock(mutex_);
  std::int64_t tokens = 0;
  for (const Second& second : seconds_)
    if (second.number > number - kSpeedWindowS && second.number <= number) tokens += second.tokens;
  return {static_cast<double>(tokens) / kSpeedWindowS, prompt_, decode_};
}

}  // namespace sanctum::gateway
