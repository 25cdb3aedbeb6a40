// When another server answers in our engine's place: a pure function of (state, event).
//
// By itself it takes over when the engine is parked, or has not got a model that is asked for, and
// goes back once our engine was proven to work since. A person may force either.
#pragma once

#include <string_view>

namespace sanctum::supervisor {

enum class FallbackMode { kAuto, kOn, kOff };
std::string_view to_string(FallbackMode mode);
// Throws Error(kInvalid) for another word than auto, on and off.
FallbackMode fallback_mode(std::string_view word);

struct FallbackState {
  FallbackMode mode = FallbackMode::kAuto;
  bool serving = false;  // it has taken over
};

struct FallbackDecision {
  bool forward = false;  // this request
  bool began = false;    // it takes over with this
  bool ended = false;    // our engine is back
};

// `refused`: the engine is parked, or refuses the model.
FallbackDecision on_request(FallbackState& state, bool refused);
// Every loaded model was proven to work, by an engine that can be asked.
FallbackDecision on_proof(FallbackState& state);
FallbackDecision on_mode(FallbackState& state, FallbackMode mode);

}  // namespace sanctum::supervisor
