// When to start a worker again, and when not to: a pure function of (state, event, now).
//
// A crash is retried with a growing pause; a bad configuration or a missing program is not, because
// it would only fail again; a worker that keeps dying is parked, with the reason, for a person.
// A life in which something was answered is no part of a crash loop: it is restarted at once, and
// only a far higher limit ends that.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sanctum::supervisor {

inline constexpr int kBarrenStartsMax = 5;  // within kStartsWindow, without an answer
inline constexpr int kStartsMax = 60;       // within kStartsWindow, whatever was answered
inline constexpr std::chrono::minutes kStartsWindow{10};
inline constexpr std::chrono::milliseconds kBackoffFirst{200};
inline constexpr std::chrono::milliseconds kBackoffMax{30000};
inline constexpr int kBackoffFactor = 4;
inline constexpr std::chrono::seconds kStableAfter{
    60};                                          // ready this long: the next crash starts over
inline constexpr int kExitBadConfiguration = 78;  // EX_CONFIG

enum class WorkerState { kAbsent, kStarting, kReady, kDead, kParked };
std::string_view to_string(WorkerState state);

struct Start {
  Instant at{};
  bool answered = false;  // something, in the life that followed
};

struct RestartState {
  WorkerState worker = WorkerState::kAbsent;
  std::deque<Start> starts;  // within the window, oldest first
  Instant ready_since{};
  Instant start_at{};  // when dead: not before this
  int deaths = 0;      // since the worker was last of use
  std::string reason;  // of being dead or parked
};

struct WorkerEvent {
  enum class Kind {
    kTimer,        // time has passed
    kReady,        // the worker can be asked
    kAnswered,     // it has completed a request
    kDied,         // it ended; `exit_code` when it exited by itself, -1 otherwise
    kCannotStart,  // there is nothing to run
  };
  Kind kind = Kind::kTimer;
  int exit_code = -1;
  std::string reason;
};

struct RestartDecision {
  bool start = false;                   // start the worker now; it counts as kStarting from here on
  Instant next_timer = Instant::max();  // ask again then
};

RestartDecision decide(RestartState& state, const WorkerEvent& event, Instant now);

}  // namespace sanctum::supervisor
