#include "hub/retry_policy.h"

#include <algorithm>

namespace sanctum::hub {
namespace {

using std::chrono::milliseconds;

milliseconds pause_after(int failures) {
  milliseconds pause = kFirstPause;
  for (int i = 1; i < failures && pause < kPauseMax; ++i) pause *= 2;
  return std::min<milliseconds>(pause, kPauseMax);
}

std::string seconds_text(milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

Decision after_failure(RetryState& state, const Failure& failure, Instant now) {
  if (failure.trouble == Trouble::kDamaged) {
    if (++state.damaged >= kDamagedMax)
      return {false, {}, "it was so " + std::to_string(state.damaged) + " times"};
    return {true, now, {}};
  }
  if (failure.trouble == Trouble::kTurnedAway) {
    if (++state.turned_away >= kTurnedAwayMax)
      return {false, {}, "it was so " + std::to_string(state.turned_away) + " times"};
    return {true, now + pause_after(state.turned_away), {}};
  }
  state.failures = failure.progress ? 1 : state.failures + 1;
  if (failure.progress) state.turned_away = 0;
  if (failure.retry_after) {
    if (*failure.retry_after > kRetryAfterMax)
      return {false, {}, "it wants to be asked again in " + seconds_text(*failure.retry_after)};
    state.waited_for_hub += *failure.retry_after;
    if (state.waited_for_hub > kWaitedForHubMax)
      return {false, {}, "it was waited for " + seconds_text(kWaitedForHubMax) + " in all"};
  }
  if (state.failures > kFailuresMax)
    return {false, {}, "tried " + std::to_string(state.failures) + " times"};
  const milliseconds pause =
      std::max(pause_after(state.failures), failure.retry_after.value_or(milliseconds(0)));
  return {true, now + pause, {}};
}

}  // namespace sanctum::hub
