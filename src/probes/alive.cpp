#include "probes/alive.h"

#include <cstdio>

#include "base/clock.h"
#include "client/http.h"

namespace sanctum::probes {
namespace {

std::string told(const client::HttpPhases& phases) {
  const auto ms = [](std::int64_t us) { return static_cast<double>(us) / 1e3; };
  char text[120];
  std::snprintf(text, sizeof text, " (connected after %.1f ms, TLS %.1f, first byte %.1f)",
                ms(phases.connected_us), ms(phases.trusted_us), ms(phases.first_byte_us));
  return text;
}

}  // namespace

std::vector<Check> check_alive(const std::vector<client::Endpoint>& listeners,
                               std::chrono::milliseconds limit) {
  std::vector<Check> checks;
  for (const auto& listener : listeners) {
    // A connection of its own: one that was kept may work while no new one does.
    client::Connection connection(listener);
    const auto reply = connection.send({"GET", "/v1/models"}, {limit, limit, limit});
    Check check;
    check.name = "listener " + listener.url;
    check.took_us = microseconds_between(reply.sent, reply.ended);
    check.passed = reply.ending == client::Ending::kAnswered && reply.status > 0;
    check.detail = (check.passed ? "HTTP " + std::to_string(reply.status)
                                 : std::string(to_string(reply.ending)) + ": " + reply.message) +
                   told(reply.phases);
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace sanctum::probes
