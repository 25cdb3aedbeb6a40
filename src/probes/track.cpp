#include "probes/track.h"

#include <algorithm>

namespace sanctum::probes {
namespace {

bool reached(int failures, int after) {
  return after > 0 && failures >= after;
}

Rung rung_of(int failures, const TrackLimits& limits) {
  if (failures == 0) return Rung::kFine;
  if (reached(failures, limits.page_after)) return Rung::kPage;
  if (reached(failures, limits.act_after)) return Rung::kAct;
  if (reached(failures, limits.warn_after)) return Rung::kWarn;
  return Rung::kObserve;
}

}  // namespace

std::string_view to_string(Rung rung) {
  switch (rung) {
    case Rung::kFine:
      return "fine";
    case Rung::kObserve:
      return "observe";
    case Rung::kWarn:
      return "warn";
    case Rung::kAct:
      return "act";
    case Rung::kPage:
      return "page";
  }
  return "fine";
}

TrackDecision run_ended(TrackState& state, const RunResult& result, Instant now,
                        const TrackLimits& limits) {
  const Rung before = state.rung;
  if (result.passed) {
    state = {};
    state.next = now + limits.every;
    return {
        .rung = Rung::kFine, .climbed = false, .act = false, .recovered = before >= Rung::kWarn};
  }
  // A labelled failure is one more of what is known already, and no step towards acting.
  if (result.label.empty() || state.failures == 0) ++state.failures;
  const Rung reached = rung_of(state.failures, limits);
  state.rung = std::max(before, result.label.empty() ? reached : std::min(reached, Rung::kWarn));
  state.next = now + limits.again;
  const bool may_act = result.label.empty() && limits.act_after > 0;
  return {.rung = state.rung,
          .climbed = state.rung != before,
          .act = may_act && state.failures % limits.act_after == 0 &&
                 state.failures <= kActsMax * limits.act_after,
          .recovered = false};
}

}  // namespace sanctum::probes
