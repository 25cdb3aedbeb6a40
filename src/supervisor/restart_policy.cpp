#include "supervisor/restart_policy.h"

#include <algorithm>
#include <utility>

#include "base/exit_code.h"
#include "base/temporary_lack.h"

namespace sanctum::supervisor {
namespace {

// After so many failures in a row.
std::chrono::milliseconds pause_after(int failures) {
  auto pause = kBackoffFirst;
  for (int i = 1; i < failures && pause < kBackoffMax; ++i) pause *= kBackoffFactor;
  return std::min(pause, kBackoffMax);
}

std::chrono::milliseconds drawn_around(std::chrono::milliseconds pause, RestartState& state) {
  // xorshift64, Marsaglia 2003.
  state.draws ^= state.draws << 13;
  state.draws ^= state.draws >> 7;
  state.draws ^= state.draws << 17;
  const double share = static_cast<double>(state.draws >> 11) * 0x1p-53;  // of [0, 1)
  const double factor = 1 + kBackoffSpread * (2 * share - 1);
  const double ms = static_cast<double>(pause.count());
  return std::chrono::milliseconds(static_cast<std::int64_t>(factor * ms));
}

void park(RestartState& state, std::string reason) {
  state.worker = WorkerState::kParked;
  state.reason = std::move(reason);
}

void dead(RestartState& state, std::string reason, Instant start_at) {
  state.worker = WorkerState::kDead;
  state.reason = std::move(reason);
  state.start_at = start_at;
}

RestartDecision start(RestartState& state, Instant now) {
  state.worker = WorkerState::kStarting;
  state.started = now;
  state.ready_since.reset();
  return {.start = true, .next_timer = Instant::max()};
}

// Tokens count also while a model among several still loads. The time of standing still is no time
// of being ready.
bool made_progress(const RestartState& state, int tokens, Instant now) {
  return tokens >= kProgressTokens || (state.ready_since && state.worker != WorkerState::kWedged &&
                                       now - *state.ready_since >= kProgressAfter);
}

void lacked(RestartState& state, const std::string& reason, Instant now) {
  ++state.lacked;
  dead(state, reason, now + pause_after(state.lacked));
}

void died(RestartState& state, const WorkerEvent& event, Instant now) {
  if (event.exit_code == kExitTryAgain) return lacked(state, event.reason, now);
  if (event.exit_code == kExitConfiguration) {
    return park(state, event.reason + ": bad configuration; a restart would not help");
  }
  if (event.exit_code == kExitMissingLibrary) {
    return park(state, event.reason + ": a library is missing; a restart would not help");
  }
  if (!event.from_outside) {
    state.own_deaths.push_back(now);
    if (state.own_deaths.size() > kUnsteadyDeaths) state.own_deaths.pop_front();
  }
  const bool was_of_use = made_progress(state, event.tokens, now);
  if (was_of_use) {
    state.deaths = 0;
  } else if (!event.from_outside) {
    ++state.deaths;
    state.barren.push_back(state.started);
  }
  while (!state.barren.empty() && now - state.barren.front() >= kStartsWindow) {
    state.barren.pop_front();
  }
  if (state.barren.size() >= kBarrenStartsMax) {
    return park(state, event.reason + "; " + std::to_string(state.barren.size()) +
                           " starts that led nowhere in " + std::to_string(kStartsWindow.count()) +
                           " minutes are enough");
  }
  // Slow failures are no better than fast ones: a load of minutes that ends in a death, say.
  if (state.deaths >= kBarrenStartsMax) {
    return park(state, event.reason + "; " + std::to_string(state.deaths) +
                           " starts in a row that led nowhere are enough");
  }
  dead(state, event.reason,
       was_of_use ? now : now + drawn_around(pause_after(state.deaths), state));
}

}  // namespace

bool is_unsteady(const RestartState& state, Instant now) {
  return state.own_deaths.size() >= kUnsteadyDeaths &&
         now - state.own_deaths.front() < kUnsteadyWindow;
}

bool is_in_crash_loop(const RestartState& state) {
  return std::max(state.deaths, state.lacked) >= kLoopDeaths && !can_be_asked(state.worker);
}

bool can_be_asked(WorkerState state) {
  return state == WorkerState::kLoading || state == WorkerState::kReady;
}

RestartDecision decide(RestartState& state, const WorkerEvent& event, Instant now) {
  switch (event.kind) {
    case WorkerEvent::Kind::kAnswered:
      if (state.worker == WorkerState::kStarting) {
        state.worker = WorkerState::kLoading;
        state.reason.clear();
        state.lacked = 0;
      }
      break;
    case WorkerEvent::Kind::kLoaded:
      if (state.worker == WorkerState::kLoading) {
        state.worker = WorkerState::kReady;
        state.ready_since = now;
      }
      break;
    case WorkerEvent::Kind::kStuck:
      state.worker = WorkerState::kWedged;
      state.reason = event.reason;
      break;
    case WorkerEvent::Kind::kStop:
      state.worker = WorkerState::kDraining;
      state.reason.clear();
      break;
    case WorkerEvent::Kind::kDied:
      if (state.worker == WorkerState::kDraining) {
        state.worker = WorkerState::kAbsent;
      } else if (state.worker != WorkerState::kParked) {
        died(state, event, now);
      }
      break;
    case WorkerEvent::Kind::kCannotStart:
      park(state, event.reason);
      break;
    case WorkerEvent::Kind::kLacked:
      lacked(state, event.reason, now);
      break;
    case WorkerEvent::Kind::kWanted:
      if (state.worker != WorkerState::kDead && state.worker != WorkerState::kParked) break;
      state.barren.clear();
      state.own_deaths.clear();
      state.deaths = 0;
      return start(state, now);
    case WorkerEvent::Kind::kTimer:
      if (state.worker == WorkerState::kAbsent) return start(state, now);
      if (state.worker == WorkerState::kDead && now >= state.start_at) return start(state, now);
      break;
  }
  if (state.worker == WorkerState::kDead) return {.start = false, .next_timer = state.start_at};
  return {};
}

}  // namespace sanctum::supervisor
