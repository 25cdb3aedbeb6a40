#include "probes/alive.h"

#include <cstdio>

#include "base/clock.h"
#include "client/http.h"

namespace sanctum::probes {
namespace {

using std::chrono::milliseconds;

std::string told(const client::HttpPhases& phases) {
  const auto ms = [](std::int64_t us) { return static_cast<double>(us) / 1e3; };
  char text[120];
  std::snprintf(text, sizeof text, " (connected after %.1f ms, TLS %.1f, first byte %.1f)",
                ms(phases.connected_us), ms(phases.trusted_us), ms(phases.first_byte_us));
  return text;
}

client::HttpReply ask(const client::Endpoint& listener, milliseconds limit) {
  // A connection of its own: one that was kept may work while no new one does.
  client::Connection connection(listener);
  return connection.send({"GET", "/v1/models"}, {limit, limit, limit});
}

// As anybody may ask: with no file of ours that could be unusable.
client::HttpReply ask_as_nobody(client::Endpoint listener, milliseconds limit) {
  listener.trust = false;
  listener.certificate = listener.key = listener.authority = "";
  listener.probe = listener.bearer = "";
  return ask(listener, limit);
}

bool refuses(int status) {
  return status == 401 || status == 403;
}

}  // namespace

std::vector<Check> check_alive(const std::vector<client::Endpoint>& listeners, milliseconds limit) {
  std::vector<Check> checks;
  for (const auto& listener : listeners) {
    const auto reply = ask(listener, limit);
    const std::string what =
        (reply.status > 0 ? "HTTP " + std::to_string(reply.status)
                          : std::string(to_string(reply.ending)) + ": " + reply.message) +
        told(reply.phases);
    const bool answered = reply.ending == client::Ending::kAnswered && reply.status > 0;
    bool known = !reply.not_asked;
    bool alive = answered || (reply.heard && reply.ending != client::Ending::kDeadline);
    if (!known && listener.tls()) {
      const auto greeting = ask_as_nobody(listener, limit);  // the first question took no time
      known = !greeting.not_asked;
      alive = greeting.heard && greeting.ending != client::Ending::kDeadline;
    }
    Check there;
    there.name = "listener " + listener.url;
    there.took_us = microseconds_between(reply.sent, reply.ended);
    there.passed = alive;
    there.detail = what;
    Check admitted;
    admitted.name = "admission at " + listener.url;
    admitted.took_us = there.took_us;
    admitted.passed = answered && !refuses(reply.status);
    admitted.detail = admitted.passed   ? what
                      : reply.not_asked ? "it could not be asked as it should be: " + what
                                        : "it does not let the probe in: " + what;
    admitted.may_act = false;
    if (known) checks.push_back(std::move(there));
    if (alive || !known) checks.push_back(std::move(admitted));
  }
  return checks;
}

}  // namespace sanctum::probes
