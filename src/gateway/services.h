// What the API handlers work with. Owned by whoever wires the gateway; outlives the server.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "gateway/admission.h"
#include "gateway/engine.h"
#include "gateway/metrics.h"
#include "gateway/router.h"

namespace sanctum::gateway {

struct Services {
  Engine& engine;
  Gate& gate;
  Metrics& metrics;
  std::chrono::milliseconds ready_timeout{120000};  // for a request that meets a loading model
  std::function<bool()> draining;
  std::string plain_url;  // as people reach it; empty when off
  std::string mtls_url;
  std::string certificates;  // directory with ca.pem, client.pem and client.key
  Instant started = Clock::now();
};

// Each file api_*.cpp adds its own paths.
void add_completions(Router& router, Services& services);
void add_models(Router& router, Services& services);
void add_status(Router& router, Services& services);
void add_metrics(Router& router, Services& services);
void add_page(Router& router, Services& services);

}  // namespace sanctum::gateway
