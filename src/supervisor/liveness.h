// Whether an engine lives: judged by what it does, never by whether it answers. A pure function of
// (what was seen, what is seen, now).
//
// Two things must go on. Beats, which a thread of the engine makes that does nothing else: without
// them the process is stopped, or starved beyond use. And, while there is work, progress: a piece
// of a load, of a picture, of a prompt, a step of decoding. Every phase has a limit on the time
// between two pieces, and only a piece extends it. Time in which nobody looked does not count: a
// machine that slept, or a supervisor that was starved itself, blames no engine.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "wire/heartbeat.h"

namespace sanctum::supervisor {

inline constexpr std::chrono::milliseconds kLookEvery{250};

struct LivenessLimits {
  using ms = std::chrono::milliseconds;
  ms begin{60'000};    // from the start to the first beat
  ms stopped{2'500};   // without a beat, of a process that the system says is stopped
  ms silence{15'000};  // without a beat, of any other
  ms load{120'000};    // without a piece of it, or before the first: a slow disk's read is none
  ms image{45'000};    // a part of one
  ms prefill{45'000};  // a chunk of a prompt: the first of an engine's life is a short one
  ms decode{5'000};    // or kDecodeSteps times the median step, whichever is longer
  ms idle{30'000};     // at rest with a request taken: its text is being worked on
};
inline constexpr int kDecodeSteps = 20;

struct LivenessState {
  wire::Pulse last;
  Instant looked_at{};                  // the beginning of the life, before the first look
  std::chrono::nanoseconds watched{0};  // of this life
  std::chrono::nanoseconds silent{0};   // watched time since the last beat
  std::chrono::nanoseconds still{0};  // watched time since the last piece, or since there was work
  std::array<std::chrono::nanoseconds, 15> steps{};  // of decoding, the latest
  std::size_t steps_seen = 0;
};

LivenessState begin_life(Instant now);

struct Stuck {
  std::string reason;         // "no step of decode for 5.2 s"
  bool from_outside = false;  // somebody stopped the process: none of its requests did
};

// `stopped`: what the system says of the process.
std::optional<Stuck> look(LivenessState& state, const wire::Pulse& pulse, bool stopped, Instant now,
                          const LivenessLimits& limits);

}  // namespace sanctum::supervisor
