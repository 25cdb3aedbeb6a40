// What is ready, and why not: one judgement for /ready, /status and /v1/models.
//
// Thread rule: any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/services.h"

namespace sanctum::gateway {

struct Readiness {
  bool ready = false;
  // ready, unproven, loading, starting, dead, parked, failed, fallback, draining
  std::string state;
  std::string reason;  // empty when ready
};

// The server. `failure`: the engine could not say which `models` it has.
Readiness readiness_of_server(const Services& services, const std::optional<wire::Failure>& failure,
                              const std::vector<wire::ModelInfo>& models);
// One of them.
Readiness readiness_of_model(const Services& services, const wire::ModelInfo& model);

}  // namespace sanctum::gateway
