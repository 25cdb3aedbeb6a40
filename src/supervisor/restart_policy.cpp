#include "supervisor/restart_policy.h"

#include <algorithm>

namespace sanctum::supervisor {
namespace {

std::chrono::milliseconds backoff(int deaths) {
  auto pause = kBackoffFirst;
  for (int i = 1; i < deaths && pause < kBackoffMax; ++i) pause *= kBackoffFactor;
  return std::min(pause, kBackoffMax);
}

void park(RestartState& state, std::string reason) {
  state.worker = WorkerState::kParked;
  state.reason = std::move(reason);
}

RestartDecision start(RestartState& state, Instant now) {
  state.worker = WorkerState::kStarting;
  state.starts.push_back({now, false});
  return {.start = true, .next_timer = Instant::max()};
}

void died(RestartState& state, const WorkerEvent& event, Instant now) {
  if (state.worker == WorkerState::kReady && now - state.ready_since >= kStableAfter)
    state.deaths = 0;
  ++state.deaths;
  if (event.exit_code == kExitBadConfiguration) {
    return park(state, event.reason + ": bad configuration; a restart would not help");
  }
  while (!state.starts.empty() && now - state.starts.front().at >= kStartsWindow) {
    state.starts.pop_front();
  }
  const auto barren = std::count_if(state.starts.begin(), state.starts.end(),
                                    [](const Start& start) { return !start.answered; });
  const std::string window = " in " + std::to_string(kStartsWindow.count()) + " minutes";
  if (barren >= kBarrenStartsMax) {
    return park(state, event.reason + "; " + std::to_string(barren) + " starts without an answer" +
                           window + " are enough");
  }
  if (state.starts.size() >= kStartsMax) {
    return park(state, event.reason + "; " + std::to_string(state.starts.size()) + " starts" +
                           window + " are enough");
  }
  state.worker = WorkerState::kDead;
  state.reason = event.reason;
  state.start_at = now + backoff(state.deaths);
}

}  // namespace

std::string_view to_string(WorkerState state) {
  switch (state) {
    case WorkerState::kAbsent:
      return "absent";
    case WorkerState::kStarting:
      return "starting";
    case WorkerState::kReady:
      return "ready";
    case WorkerState::kDead:
      return "dead";
    case WorkerState::kParked:
      return "parked";
  }
  return "absent";
}

RestartDecision decide(RestartState& state, const WorkerEvent& event, Instant now) {
  switch (event.kind) {
    case WorkerEvent::Kind::kReady:
      if (state.worker == WorkerState::kStarting) {
        state.worker = WorkerState::kReady;
        state.ready_since = now;
        state.reason.clear();
      }
      break;
    case WorkerEvent::Kind::kAnswered:
      if (!state.starts.empty()) state.starts.back().answered = true;
      state.deaths = 0;
      break;
    case WorkerEvent::Kind::kDied:
      if (state.worker != WorkerState::kParked) died(state, event, now);
      break;
    case WorkerEvent::Kind::kCannotStart:
      park(state, event.reason);
      break;
    case WorkerEvent::Kind::kTimer:
      if (state.worker == WorkerState::kAbsent) return start(state, now);
      if (state.worker == WorkerState::kDead && now >= state.start_at) return start(state, now);
      break;
  }
  if (state.worker == WorkerState::kDead) return {.start = false, .next_timer = state.start_at};
  return {};
}

}  // namespace sanctum::supervisor
