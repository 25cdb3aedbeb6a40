// One probe's escalation: a pure function of (state, result of a run, now).
//
// A run that fails climbs: observe, warn, act, page, each after so many failures in a row; the
// first that passes climbs down to nothing. A failure under a label (the machine swaps, a model
// loads) is remembered and repeated, and climbs no further than warn: to act on it would make it
// worse. Tracks know nothing of each other.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"

namespace sanctum::probes {

inline constexpr int kActsMax = 2;  // what did not help twice will not help a third time

enum class Rung { kFine, kObserve, kWarn, kAct, kPage };
std::string_view to_string(Rung rung);

struct TrackLimits {
  using ms = std::chrono::milliseconds;
  ms every{60'000};  // from a run that passed to the next
  ms again{30'000};  // from one that failed
  ms limit{10'000};  // of a run; one that takes longer has failed
  // Failures in a row, 0: this track has no such rung.
  int warn_after = 1;
  int act_after = 3;
  int page_after = 5;
};

struct TrackState {
  int failures = 0;  // in a row
  Rung rung = Rung::kFine;
  Instant next{};  // run then
};

struct RunResult {
  bool passed = false;
  std::string label;  // "swapping", "a model was loading"; empty for none
};

struct TrackDecision {
  Rung rung = Rung::kFine;
  bool climbed = false;    // to a rung it was not on: say so, once
  bool act = false;        // now; at most kActsMax times before it passes again
  bool recovered = false;  // from kWarn or above
};

TrackDecision run_ended(TrackState& state, const RunResult& result, Instant now,
                        const TrackLimits& limits);

}  // namespace sanctum::probes
