// GET /health (the process answers), /ready (every model was proven to work) and /status
// (everything).
#include <unistd.h>

#include <cmath>

#include "base/json.h"
#include "gateway/api_error.h"
#include "gateway/readiness.h"

namespace sanctum::gateway {
namespace {

// "proofs":[{"model","modality","proven","age_s","by"}]
void write_proofs(json::Writer& w, const Services& services,
                  const std::vector<wire::ModelInfo>& models) {
  if (!services.proofs) return;
  const Instant now = Clock::now();
  w.key("proofs").begin_array();
  for (const auto& record : services.proofs->of(models)) {
    w.begin_object().field("model", record.model).field("modality", record.modality);
    w.field("proven", record.proven.has_value());
    if (record.proven) {
      w.field("age_s", microseconds_between(*record.proven, now) / 1'000'000);
      w.field("by", record.by);
    }
    if (record.last_said) w.field("failed_since", *record.last_said);
    w.end_object();
  }
  w.end_array();
}

void ready(Services& services, const std::shared_ptr<Exchange>& exchange) {
  services.engine.models(
      [&services, exchange](const auto& failure, std::vector<wire::ModelInfo> models) {
        exchange->post([&services, exchange, failure, models = std::move(models)] {
          const Readiness readiness = readiness_of_server(services, failure, models);
          json::Writer w;
          w.begin_object().field("status", readiness.state);
          if (!readiness.reason.empty()) w.field("reason", readiness.reason);
          w.key("models").begin_array();
          for (const auto& model : models) {
            if (model.state == wire::ModelStage::kReady) w.value(model.model);
          }
          w.end_array();
          write_proofs(w, services, models);
          w.end_object();
          HttpResponse response;
          response.body = w.take();
          if (!readiness.ready) {
            response.status = 503;
            response.headers.emplace_back("Retry-After", "2");
          }
          exchange->respond(std::move(response));
        });
      });
}

// "fallback":{"where","mode","answers","failure"}, where there is one.
void write_fallback(json::Writer& w, const Services& services, const EngineStatus& engine) {
  if (services.fallback == nullptr) return;
  const FallbackTold told = services.fallback->told();
  w.key("fallback").begin_object().field("where", told.where).field("mode", told.mode);
  w.field("answers", answers_now(told, engine.state == wire::WorkerState::kParked));
  if (!told.failure.empty()) w.field("failure", told.failure);
  w.end_object();
}

// "speed":{"window_s","tokens_per_s","last_prompt_per_s","last_decode_per_s"}; of the last answer
// what it can tell of.
void write_speed(json::Writer& w, const RecentSpeed& recent) {
  const Speed speed = recent.told(Clock::now());
  w.key("speed").begin_object().field("window_s", kSpeedWindowS);
  const auto tenths = [](double rate) { return std::round(rate * 10) / 10; };
  w.field("tokens_per_s", tenths(speed.now));
  if (speed.prompt) w.field("last_prompt_per_s", tenths(*speed.prompt));
  if (speed.decode) w.field("last_decode_per_s", tenths(*speed.decode));
  w.end_object();
}

// "unproven":{"NAME": why}: of models that are loaded, those that /ready does not count.
void write_unproven(json::Writer& w, const Services& services,
                    const std::vector<wire::ModelInfo>& models) {
  w.key("unproven").begin_object();
  for (const auto& model : models) {
    const Readiness readiness = readiness_of_model(services, model);
    if (readiness.state == "unproven") w.field(model.model, readiness.reason);
  }
  w.end_object();
}

struct StatusParts {
  std::optional<wire::Failure> failure;
  std::vector<wire::ModelInfo> models;
  std::optional<wire::EngineStats> stats;
};

std::string status_body(const Services& services, const StatusParts& parts) {
  const Readiness readiness = readiness_of_server(services, parts.failure, parts.models);
  const EngineStatus engine = services.engine.status();
  json::Writer w;
  w.begin_object().field("status", readiness.state).field("ready", readiness.ready);
  if (!readiness.reason.empty()) w.field("reason", readiness.reason);
  w.field("version", SANCTUM_VERSION).field("pid", static_cast<int>(::getpid()));
  w.field("uptime_s", microseconds_between(services.started, Clock::now()) / 1'000'000);
  w.key("requests").begin_object().field("running", services.gate.running());
  w.field("waiting", services.gate.waiting())
      .field("running_max", services.gate.limits().running_max);
  w.field("waiting_max", services.gate.limits().waiting_max).end_object();
  write_speed(w, services.speed);
  w.key("engine")
      .begin_object()
      .field("state", to_string(engine.state))
      .field("up", engine.up)
      .field("pid", engine.pid)
      .field("crash_loop", engine.in_crash_loop);
  w.field("restarts", engine.starts > 0 ? engine.starts - 1 : 0);
  if (!engine.reason.empty()) w.field("reason", engine.reason);
  if (!engine.last_exit.empty()) w.field("last_exit", engine.last_exit);
  if (parts.stats) w.key("stats").raw(wire::encode(*parts.stats));
  w.end_object().key("models").begin_array();
  for (const auto& model : parts.models) w.raw(wire::encode(model));
  w.end_array();
  write_proofs(w, services, parts.models);
  write_unproven(w, services, parts.models);
  w.key("incidents").begin_array();
  if (services.incidents) {
    for (const auto& incident : services.incidents()) {
      w.begin_object().field("key", incident.key).field("level", incident.level);
      w.field("what", incident.what).field("since_unix_s", incident.since_unix_s).end_object();
    }
  }
  w.end_array();
  write_fallback(w, services, engine);
  const ListenUrls urls = services.urls();
  w.key("listen").begin_object().field("http", urls.plain).field("mtls", urls.mtls);
  w.end_object().end_object();
  return w.take();
}

void status(Services& services, const std::shared_ptr<Exchange>& exchange) {
  services.engine.models(
      [&services, exchange](const auto& failure, std::vector<wire::ModelInfo> models) {
        auto parts =
            std::make_shared<StatusParts>(StatusParts{failure, std::move(models), std::nullopt});
        services.engine.stats(
            [&services, exchange, parts](const auto& missing, wire::EngineStats stats) {
              if (!missing) parts->stats = std::move(stats);
              exchange->post([&services, exchange, parts] {
                HttpResponse response;
                response.body = status_body(services, *parts);
                response.headers.emplace_back("Cache-Control", "no-store");
                exchange->respond(std::move(response));
              });
            });
      });
}

}  // namespace

void add_status(Router& router, Services& services) {
  router.add("GET", "/health", [](const std::shared_ptr<Exchange>& exchange) {
    HttpResponse response;
    response.body = R"({"status":"ok"})";
    exchange->respond(std::move(response));
  });
  router.add("GET", "/ready",
             [&services](const std::shared_ptr<Exchange>& exchange) { ready(services, exchange); });
  router.add("GET", "/status", [&services](const std::shared_ptr<Exchange>& exchange) {
    status(services, exchange);
  });
}

}  // namespace sanctum::gateway
