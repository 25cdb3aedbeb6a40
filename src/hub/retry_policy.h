// Whether a download that failed is tried again, and when. Pure: state, what happened, now.
//
// Growing pauses, bounded; bytes that came since the last failure start the count anew, because a
// line that breaks every few minutes still brings a model home. A hub that says when to come back
// is believed, up to kRetryAfterMax.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"

namespace sanctum::hub {

inline constexpr int kFailuresMax = 5;    // one after another, without a byte in between
inline constexpr int kDamagedMax = 2;     // of one file whose content was not what its hash says
inline constexpr int kTurnedAwayMax = 3;  // by the store, one after another, without a byte
inline constexpr std::chrono::milliseconds kFirstPause{500};  // doubled with every failure
inline constexpr std::chrono::seconds kPauseMax{20};
inline constexpr std::chrono::minutes kRetryAfterMax{5};
inline constexpr std::chrono::minutes kWaitedForHubMax{30};  // at the hub's wish, in all

enum class Trouble {
  kBroken,      // no connection, or it ended early
  kBusy,        // 429, 503 and other 5xx
  kDamaged,     // all bytes came and were others than they should be
  kTurnedAway,  // by the store that the hub named; the hub names it anew
};

struct Failure {
  Trouble trouble = Trouble::kBroken;
  bool progress = false;                                      // bytes came since the failure before
  std::optional<std::chrono::milliseconds> retry_after = {};  // as the hub said
};

struct RetryState {
  int failures = 0;
  int damaged = 0;
  int turned_away = 0;
  std::chrono::milliseconds waited_for_hub{0};
};

struct Decision {
  bool again = false;
  Instant at{};          // not before
  std::string given_up;  // why not again, for a person; what failed is said before it
};

Decision after_failure(RetryState& state, const Failure& failure, Instant now);

}  // namespace sanctum::hub
