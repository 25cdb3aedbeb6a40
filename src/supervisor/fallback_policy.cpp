#include "supervisor/fallback_policy.h"

#include <string>
#include <utility>

#include "base/error.h"

namespace sanctum::supervisor {

std::string_view to_string(FallbackMode mode) {
  switch (mode) {
    case FallbackMode::kAuto:
      return "auto";
    case FallbackMode::kOn:
      return "on";
    case FallbackMode::kOff:
      return "off";
  }
  return "auto";
}

FallbackMode fallback_mode(std::string_view word) {
  for (const FallbackMode mode : {FallbackMode::kAuto, FallbackMode::kOn, FallbackMode::kOff}) {
    if (word == to_string(mode)) return mode;
  }
  throw Error(ErrorCode::kInvalid, "must be auto, on or off, not '" + std::string(word) + "'",
              "mode");
}

FallbackDecision on_request(FallbackState& state, bool refused) {
  const bool forward = state.mode == FallbackMode::kOn ||
                       (state.mode == FallbackMode::kAuto && (state.serving || refused));
  const bool began = forward && !std::exchange(state.serving, state.serving || forward);
  return {.forward = forward, .began = began, .ended = false};
}

FallbackDecision on_proof(FallbackState& state) {
  if (state.mode == FallbackMode::kOn) return {};
  return {.forward = false, .began = false, .ended = std::exchange(state.serving, false)};
}

FallbackDecision on_mode(FallbackState& state, FallbackMode mode) {
  state.mode = mode;
  if (mode != FallbackMode::kOff) return {};
  return {.forward = false, .began = false, .ended = std::exchange(state.serving, false)};
}

}  // namespace sanctum::supervisor
