// GET /metrics.
#include "gateway/services.h"

namespace sanctum::gateway {

void add_metrics(Router& router, Services& services) {
  router.add("GET", "/metrics", [&services](const std::shared_ptr<Exchange>& exchange) {
    services.engine.models([&services, exchange](const auto&, std::vector<wire::ModelInfo> models) {
      services.engine.stats([&services, exchange, models = std::move(models)](
                                const auto& missing, wire::EngineStats stats) {
        exchange->post([&services, exchange, models, known = !missing, stats = std::move(stats)] {
          MetricsSnapshot snapshot;
          snapshot.engine = services.engine.status();
          if (known) snapshot.stats = stats;
          snapshot.models = models;
          snapshot.running = services.gate.running();
          snapshot.waiting = services.gate.waiting();
          HttpResponse response;
          response.content_type = "text/plain; version=0.0.4; charset=utf-8";
          response.body = services.metrics.render(snapshot);
          exchange->respond(std::move(response));
        });
      });
    });
  });
}

}  // namespace sanctum::gateway
