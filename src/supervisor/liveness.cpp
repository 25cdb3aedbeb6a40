#include "supervisor/liveness.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/watched_time.h"

namespace sanctum::supervisor {
namespace {

using std::chrono::nanoseconds;
using wire::Phase;
using wire::Pulse;

std::string seconds(nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(time).count());
  return text;
}

void note_steps(LivenessState& state, const Pulse& pulse) {
  if (pulse.phase != Phase::kDecode || state.last.phase != Phase::kDecode) return;
  const auto pieces = static_cast<nanoseconds::rep>(pulse.progress - state.last.progress);
  if (pieces > 0) state.steps[state.steps_seen++ % state.steps.size()] = state.still / pieces;
}

nanoseconds median_step(const LivenessState& state) {
  const std::size_t count = std::min(state.steps_seen, state.steps.size());
  if (count == 0) return nanoseconds(0);
  std::vector<nanoseconds> sorted(state.steps.begin(),
                                  state.steps.begin() + static_cast<std::ptrdiff_t>(count));
  std::sort(sorted.begin(), sorted.end());
  return sorted[count / 2];
}

bool works(const Pulse& pulse) {
  return pulse.phase != Phase::kIdle || pulse.in_flight > 0 || pulse.loads > 0;
}

nanoseconds limit_of(const LivenessState& state, const Pulse& pulse, const LivenessLimits& limits) {
  switch (pulse.phase) {
    case Phase::kIdle:  // a device may take long to come up
      return pulse.loads > 0 ? limits.load : limits.idle;
    case Phase::kLoad:
      return limits.load;
    case Phase::kImage:
      return limits.image;
    case Phase::kPrefill:
      return limits.prefill;
    case Phase::kDecode:
      return std::max<nanoseconds>(limits.decode, kDecodeSteps * median_step(state));
  }
  return limits.idle;  // a page that makes no sense: some limit must hold
}

}  // namespace

LivenessState begin_life(Instant now) {
  LivenessState state;
  state.looked_at = now;
  return state;
}

std::optional<Stuck> look(LivenessState& state, const Pulse& pulse, bool stopped, Instant now,
                          const LivenessLimits& limits) {
  const nanoseconds watched = watched_time(state.looked_at, now, kLookEvery);
  state.watched += watched;
  state.silent += watched;
  state.still += watched;
  note_steps(state, pulse);
  if (pulse.beats != state.last.beats) state.silent = nanoseconds(0);
  if (pulse.progress != state.last.progress || !works(pulse) || !works(state.last))
    state.still = nanoseconds(0);
  state.last = pulse;

  if (!pulse.begun) {
    if (state.silent < limits.begin) return std::nullopt;
    return Stuck{"it had not begun " + seconds(state.silent) + " after its start", stopped};
  }
  if (stopped && state.silent >= limits.stopped)
    return Stuck{"it was stopped and gave no sign of life for " + seconds(state.silent), true};
  if (state.silent >= limits.silence)
    return Stuck{"it gave no sign of life for " + seconds(state.silent), stopped};
  if (works(pulse) && state.still >= limit_of(state, pulse, limits)) {
    return Stuck{"it made no progress for " + seconds(state.still) + " (" +
                     std::string(wire::to_string(pulse.phase)) + ", " +
                     std::to_string(pulse.in_flight) + " requests)",
                 stopped};
  }
  return std::nullopt;
}

}  // namespace sanctum::supervisor
