#include "hub/retry.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

namespace sanctum::hub {
namespace {

constexpr std::chrono::milliseconds kAskEvery{50};  // whether it was cancelled

void wait_until(Instant until, const std::function<bool()>& cancelled) {
  while (Clock::now() < until) {
    if (cancelled()) throw Error(ErrorCode::kCancelled, "stopped");
    std::this_thread::sleep_for(std::min<Clock::duration>(kAskEvery, until - Clock::now()));
  }
}

std::string pause_text(Instant from, Instant to) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(to - from).count();
  return seconds == 0 ? "trying again" : "trying again in " + std::to_string(seconds) + " s";
}

// More is said behind it.
std::string without_stop(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

void until_it_works(const std::function<void()>& once, Progress& progress,
                    const std::function<bool()>& cancelled) {
  RetryState state;
  while (true) {
    try {
      return once();
    } catch (const TryFailed& failed) {
      const Instant now = Clock::now();
      const Decision decision = after_failure(state, failed.failure, now);
      if (!decision.again)
        throw Error(failed.error.code(),
                    without_stop(failed.error.what()) + " (" + decision.given_up + ")",
                    failed.error.field());
      progress.note(without_stop(failed.error.what()) + "; " + pause_text(now, decision.at));
      wait_until(decision.at, cancelled);
    }
  }
}

}  // namespace sanctum::hub
