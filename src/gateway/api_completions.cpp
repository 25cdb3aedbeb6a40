// The paths of the dialects: POST /v1/chat/completions and POST /v1/completions.
#include "base/log.h"
#include "gateway/api_error.h"
#include "gateway/api_request.h"
#include "gateway/generation.h"
#include "gateway/model_names.h"
#include "gateway/services.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

void serve(Services& services, const std::shared_ptr<Exchange>& exchange, const Dialect& dialect) {
  if (services.draining && services.draining()) {
    return exchange->respond(
        error_response({ErrorCode::kUnavailable, "the server is shutting down", {}}));
  }
  ApiRequest request;
  std::string body;
  try {
    body = exchange->take_body();
    const json::Document document(body);
    request = dialect.decode(document.root());
    request.generate.model = meant_model(request.generate.model, services.models);
  } catch (const Error& error) {
    const HttpResponse response = error_response(wire::to_failure(error));
    services.metrics.request(std::string(dialect.name), response.status, 0);
    log::info("request", {{"id", exchange->id()},
                          {"api", dialect.name},
                          {"key", exchange->request().peer.key},
                          {"certificate", exchange->request().peer.subject},
                          {"status", response.status},
                          {"error", to_string(error.code())},
                          {"field", error.field()}});
    return exchange->respond(response);
  }
  if (services.fallback == nullptr || from_probe(services, *exchange)) {
    body = {};
  } else if (services.fallback->answers_instead(
                 services.engine.status().state == wire::WorkerState::kParked ? Refusal::kParked
                                                                              : Refusal::kNone)) {
    services.metrics.forwarded();
    return services.fallback->forward(
        exchange, {exchange->request().path, std::move(body), request.generate.model});
  }
  start_generation(services, exchange, dialect, std::move(request), std::move(body));
}

}  // namespace

void add_dialect(Router& router, Services& services, const std::string& path,
                 const Dialect& dialect) {
  router.add("POST", path, [&services, &dialect](const std::shared_ptr<Exchange>& exchange) {
    serve(services, exchange, dialect);
  });
  router.spell(path, dialect.error);
}

void add_completions(Router& router, Services& services) {
  add_dialect(router, services, "/v1/chat/completions", kChatDialect);
  add_dialect(router, services, "/v1/completions", kCompletionDialect);
}

}  // namespace sanctum::gateway
