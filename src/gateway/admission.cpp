#include "gateway/admission.h"

#include <algorithm>
#include <cmath>

namespace sanctum::gateway {
namespace {
constexpr double kSmoothing = 0.1;
}  // namespace

AdmissionDecision admit(AdmissionState& state, const AdmissionLimits& limits) {
  if (state.live < limits.running_max + limits.waiting_max) {
    ++state.live;
    return {.admitted = true, .retry_after_s = 0};
  }
  // The queue moves by running_max requests every service_s.
  const double wait_s =
      state.service_s * (limits.waiting_max + 1) / std::max(1, limits.running_max);
  return {.admitted = false,
          .retry_after_s =
              static_cast<int>(std::clamp(std::ceil(wait_s), 1.0, double(kRetryAfterMaxS)))};
}

void leave(AdmissionState& state, double service_s) {
  --state.live;
  state.service_s += kSmoothing * (service_s - state.service_s);
}

bool admit_reserved(AdmissionState& state) {
  if (state.reserved >= kReservedMax) return false;
  ++state.reserved;
  return true;
}

void leave_reserved(AdmissionState& state) {
  --state.reserved;
}

std::unique_ptr<Gate::Ticket> Gate::enter(bool probe, int& retry_after_s) {
  const std::lock_guard lock(mutex_);
  if (probe && admit_reserved(state_)) return std::make_unique<Ticket>(*this, Clock::now(), true);
  if (!holds_limits_) {
    ++state_.live;
    return std::make_unique<Ticket>(*this, Clock::now(), false);
  }
  const AdmissionDecision decision = admit(state_, limits_);
  retry_after_s = decision.retry_after_s;
  return decision.admitted ? std::make_unique<Ticket>(*this, Clock::now(), false) : nullptr;
}

Gate::Ticket::~Ticket() {
  const std::lock_guard lock(gate_.mutex_);
  const double held_s = static_cast<double>(microseconds_between(entered_, Clock::now())) * 1e-6;
  reserved_ ? leave_reserved(gate_.state_) : leave(gate_.state_, held_s);
}

void Gate::hold_limits(bool hold) {
  const std::lock_guard lock(mutex_);
  holds_limits_ = hold;
}

int Gate::running() const {
  const std::lock_guard lock(mutex_);
  return std::min(state_.live, limits_.running_max);
}

int Gate::waiting() const {
  const std::lock_guard lock(mutex_);
  return std::max(0, state_.live - limits_.running_max);
}

}  // namespace sanctum::gateway
