// Who may enter: a pure policy, and the gate that applies it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"

namespace sanctum::gateway {

inline constexpr int kRetryAfterMaxS = 60;

inline constexpr int kReservedMax = 1;  // probes at once, beyond the limits

struct AdmissionLimits {
  int running_max = 16;  // what the engine serves at once
  int waiting_max = 64;  // what may wait for that
};
struct AdmissionState {
  int live = 0;            // running and waiting
  int reserved = 0;        // probes
  double service_s = 1.0;  // how long a request takes, smoothed
};
struct AdmissionDecision {
  bool admitted = false;
  int retry_after_s = 0;  // when refused: about when a place will be free
};

AdmissionDecision admit(AdmissionState& state, const AdmissionLimits& limits);
void leave(AdmissionState& state, double service_s);
// The place kept for a probe; false when another has it.
bool admit_reserved(AdmissionState& state);
void leave_reserved(AdmissionState& state);

// Thread rule: any thread. A ticket must not outlive its gate.
class Gate {
 public:
  explicit Gate(AdmissionLimits limits) : limits_(limits) {}

  class Ticket {
   public:
    Ticket(Gate& gate, Instant entered, bool reserved)
        : gate_(gate), entered_(entered), reserved_(reserved) {}
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    bool reserved() const { return reserved_; }

   private:
    Gate& gate_;
    Instant entered_;
    bool reserved_;
  };

  // A place, held until the ticket is destroyed; nothing and the seconds to wait when full.
  // A probe takes the place kept for probes, if that is free.
  std::unique_ptr<Ticket> enter(bool probe, int& retry_after_s);
  // Whether the limits hold; without them everybody enters.
  void hold_limits(bool hold);
  int running() const;
  int waiting() const;
  const AdmissionLimits& limits() const { return limits_; }

 private:
  const AdmissionLimits limits_;
  mutable std::mutex mutex_;
  AdmissionState state_;
  bool holds_limits_ = true;
};

}  // namespace sanctum::gateway
