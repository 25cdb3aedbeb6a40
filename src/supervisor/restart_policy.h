// When to start a worker again, and when not to: a pure function of (state, event, now).
//
// A crash is retried after a growing pause, drawn from a quarter around it; a bad configuration or
// a missing program is not, because it would only fail again. A start for which the system lacked
// something (processes, memory, descriptors) is nobody's fault: it is tried again for as long as
// that lasts, after a growing pause. A worker that keeps dying is parked,
// with the reason, until it is wanted again: by a person, or because the cause is gone. It keeps
// dying if so many lives led nowhere in a row, however long each of them took, or within a window.
// A life that made progress is followed by another start at once, however many they are, because
// somebody may wait in mid-sentence; one that was ended from outside before that,
// after the first pause. Neither is part of a crash loop. But deaths of its own add up, also those
// after progress: of an unsteady worker a person is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/clock.h"
#include "wire/states.h"

namespace sanctum::supervisor {

inline constexpr int kBarrenStartsMax = 5;                 // in a row, or within kStartsWindow
inline constexpr int kProgressTokens = 50;                 // said in one life, or
inline constexpr std::chrono::seconds kProgressAfter{10};  // of being ready, are progress
inline constexpr std::chrono::minutes kStartsWindow{10};
inline constexpr std::size_t kUnsteadyDeaths = 10;  // of its own, within
inline constexpr std::chrono::hours kUnsteadyWindow{1};
inline constexpr std::chrono::milliseconds kBackoffFirst{200};
inline constexpr std::chrono::milliseconds kBackoffMax{30000};
inline constexpr int kBackoffFactor = 4;
inline constexpr double kBackoffSpread = 0.25;

using wire::WorkerState;
// There is an engine that takes calls.
bool can_be_asked(WorkerState state);

// Deaths in a row that led nowhere, after which it is no use to wait for the next start. A request
// that ends engines costs three before it is given up: its neighbours wait for that.
inline constexpr int kLoopDeaths = 4;

struct RestartState {
  WorkerState worker = WorkerState::kAbsent;
  std::deque<Instant> barren;      // starts within the window that led nowhere, oldest first
  std::deque<Instant> own_deaths;  // the latest kUnsteadyDeaths that nobody else caused
  Instant started{};
  std::optional<Instant> ready_since;
  Instant start_at{};       // when dead: not before this
  int deaths = 0;           // barren ones since the worker was last of use
  int lacked = 0;           // starts in a row for which the system lacked something
  std::string reason;       // of being wedged, dead or parked
  std::uint64_t draws = 1;  // the state of what pauses are drawn with; never 0
};

struct WorkerEvent {
  enum class Kind {
    kTimer,        // time has passed
    kWanted,       // whatever happened before: a pause ends, a parked worker starts afresh
    kAnswered,     // the worker can be asked
    kLoaded,       // each of its models is ready, or has failed
    kStuck,        // it stands still; it is being ended
    kStop,         // we want no worker
    kDied,         // it ended; `exit_code` when it exited by itself, -1 otherwise
    kCannotStart,  // there is nothing to run
    kLacked,       // the system lacks what a start needs
  };
  Kind kind = Kind::kTimer;
  int exit_code = -1;
  std::string reason = {};
  bool from_outside = false;  // kDied: ended by somebody, and neither by us nor for want of memory
  int tokens = 0;             // kStuck, kDied: that it has said in this life
};

struct RestartDecision {
  bool start = false;                   // start the worker now; it counts as kStarting from here on
  Instant next_timer = Instant::max();  // ask again then
};

RestartDecision decide(RestartState& state, const WorkerEvent& event, Instant now);

// It dies by itself again and again, whatever it achieves meanwhile.
bool is_unsteady(const RestartState& state, Instant now);
// So many starts have failed in a row that nobody should wait for the next one.
bool is_in_crash_loop(const RestartState& state);

}  // namespace sanctum::supervisor
