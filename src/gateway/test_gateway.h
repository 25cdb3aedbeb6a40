// A whole gateway over a fake engine, on a port of its own: for tests.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <utility>

#include "gateway/fake_engine.h"
#include "gateway/http_client.h"
#include "gateway/server.h"
#include "gateway/services.h"

namespace sanctum::gateway {

class TestGateway {
 public:
  explicit TestGateway(AdmissionLimits admission = {}, ConnectionLimits limits = {},
                       ServerHooks hooks = {})
      : gate(admission),
        server(
            loop, limits, [this](const std::shared_ptr<Exchange>& e) { router.handle(e); },
            with(std::move(hooks))) {
    std::signal(SIGPIPE, SIG_IGN);
    services.draining = [this] { return server.draining(); };
    add_completions(router, services);
    add_counting(router, services);
    add_responses(router, services);
    add_requests(router, services);
    add_description(router);
    add_models(router, services);
    add_status(router, services);
    add_metrics(router, services);
    add_page(router, services);
    port = server.listen({"127.0.0.1", 0}, std::nullopt).port;
  }
  ~TestGateway() {
    server.close_listeners();
    server.abort();
    loop.stop();
    engine.forget();
  }

  ServerHooks with(ServerHooks hooks) {
    hooks.door = [this](const HttpRequest& head) { return door ? door(head) : Entry{}; };
    hooks.spell_error = [this](const std::string& path, const ApiError& error) {
      return router.spelled(path, error);
    };
    return hooks;
  }

  FakeEngine engine;
  Gate gate;
  Metrics metrics;
  RecentSpeed speed;
  Services services{engine, gate, metrics, speed, std::chrono::milliseconds(1000)};
  Router router;
  Door door = {};  // to be set before the first connection
  EventLoop loop{2};
  Server server;
  std::uint16_t port = 0;
};

}  // namespace sanctum::gateway
