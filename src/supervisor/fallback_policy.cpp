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

FallbackDecision on_request(FallbackState& state, bool parked, bool unknown, Instant now) {
  const bool automatic = state.mode == FallbackMode::kAuto;
  const bool takes_over =
      state.mode == FallbackMode::kOn || (automatic && (state.serving || parked));
  const bool began = takes_over && !std::exchange(state.serving, true);
  if (began) state.since = now;
  return {.forward = takes_over || (automatic && unknown), .began = began, .ended = false};
}

FallbackDecision on_proof(FallbackState& state, Instant proven) {
  if (state.mode == FallbackMode::kOn || proven <= state.since) return {};
  return {.forward = false, .began = false, .ended = std::exchange(state.serving, false)};
}

FallbackDecision on_mode(FallbackState& state, FallbackMode mode) {
  state.mode = mode;
  if (mode != FallbackMode::kOff) return {};
  return {.forward = false, .began = false, .ended = std::exchange(state.serving, false)};
}

}  // namespace sanctum::supervisor
