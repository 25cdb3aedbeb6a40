#include "gateway/quarantine.h"

#include <algorithm>

#include "wire/heartbeat.h"

namespace sanctum::gateway {

std::uint64_t fingerprint(const wire::GenerateRequest& request) {
  wire::GenerateRequest asked = request;
  asked.request.clear();
  asked.resume_ids.clear();
  asked.again = false;
  asked.files.clear();
  asked.sampling.seed.reset();
  asked.ready_timeout_ms = 0;
  return wire::request_key(wire::encode(asked));
}

void Quarantine::add(std::uint64_t fingerprint, Instant now) {
  if (held_.size() == kQuarantinedMax) held_.pop_front();
  held_.push_back({fingerprint, now + kQuarantine});
}

bool Quarantine::holds(const wire::GenerateRequest& request, Instant now) {
  while (!held_.empty() && held_.front().until <= now) held_.pop_front();
  if (held_.empty()) return false;  // the usual case costs nothing
  const std::uint64_t print = fingerprint(request);
  return std::any_of(held_.begin(), held_.end(),
                     [&](const Held& held) { return held.fingerprint == print; });
}

}  // namespace sanctum::gateway
