// When another server answers in our engine's place: a pure function of (state, event, now).
//
// By itself it takes over when the engine is parked, and goes back once our engine was proven to
// work since. It also answers for a model that our engine has not got, and our engine for the
// others. A person may force either.
#pragma once

#include <string_view>

#include "base/clock.h"

namespace sanctum::supervisor {

enum class FallbackMode { kAuto, kOn, kOff };
std::string_view to_string(FallbackMode mode);
// Throws Error(kInvalid) for another word than auto, on and off.
FallbackMode fallback_mode(std::string_view word);

struct FallbackState {
  FallbackMode mode = FallbackMode::kAuto;
  bool serving = false;  // it has taken over
  Instant since{};       // then
};

struct FallbackDecision {
  bool forward = false;  // this request
  bool began = false;    // it takes over with this
  bool ended = false;    // our engine is back
};

// `parked`: the engine is. `unknown`: it has not got the model.
FallbackDecision on_request(FallbackState& state, bool parked, bool unknown, Instant now);
// Every loaded model was proven to work, by an engine that can be asked; the oldest of the proofs
// is of `proven`. One from before the fallback took over proves nothing.
FallbackDecision on_proof(FallbackState& state, Instant proven);
FallbackDecision on_mode(FallbackState& state, FallbackMode mode);

}  // namespace sanctum::supervisor
