// The paths of the dialects: POST /v1/chat/completions and POST /v1/completions.
#include "base/log.h"
#include "gateway/anthropic_error.h"
#include "gateway/api_error.h"
#include "gateway/api_request.h"
#include "gateway/described.h"
#include "gateway/generation.h"
#include "gateway/prepared_request.h"
#include "gateway/services.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

void refuse(Services& services, const std::shared_ptr<Exchange>& exchange, const Dialect& dialect,
            const wire::Failure& failure) {
  const HttpResponse response = error_response(failure);
  services.metrics.request(std::string(dialect.name), response.status, 0);
  log::info("request", {{"id", exchange->id()},
                        {"api", dialect.name},
                        {"key", exchange->request().peer.key},
                        {"certificate", exchange->request().peer.subject},
                        {"status", response.status},
                        {"error", to_string(failure.code)},
                        {"field", failure.field}});
  exchange->respond(response);
}

void generate(Services& services, const std::shared_ptr<Exchange>& exchange, const Dialect& dialect,
              PreparedRequest prepared) {
  ApiRequest& request = prepared.request;
  std::string body = std::move(prepared.body);
  if (services.fallback == nullptr || from_probe(services, *exchange) || prepared.continues) {
    body = {};  // nobody else knows what was said earlier
  } else if (services.fallback->answers_instead(
                 services.engine.status().state == wire::WorkerState::kParked ? Refusal::kParked
                                                                              : Refusal::kNone)) {
    services.metrics.forwarded();
    return services.fallback->forward(
        exchange, {exchange->request().path, std::move(body), request.generate.model});
  }
  start_generation(services, exchange, dialect, std::move(request), std::move(body));
}

void serve(Services& services, const std::shared_ptr<Exchange>& exchange, const Dialect& dialect) {
  if (services.draining && services.draining()) {
    return exchange->respond(
        error_response({ErrorCode::kUnavailable, "the server is shutting down", {}}));
  }
  prepare_request(services, exchange, {dialect.decode, dialect.continues},
                  [&services, &dialect, exchange](const auto& failure, PreparedRequest prepared) {
                    if (failure) return refuse(services, exchange, dialect, *failure);
                    generate(services, exchange, dialect, std::move(prepared));
                  });
}

void add_batches(Router& router) {
  const auto refuse_batch = [](const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(error_response(
        404, "batches are not taken here: send each request by itself, several at a time"));
  };
  for (const char* path : {"/v1/messages/batches", "/v1/messages/batches/", "/v1/batches"}) {
    for (const char* method : {"GET", "POST"}) router.add(method, path, refuse_batch);
    if (std::string_view(path).find("messages") != std::string_view::npos)
      router.spell(path, anthropic_error);
  }
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
  add_dialect(router, services, "/v1/messages", kMessagesDialect);
  add_dialect(router, services, "/v1/responses", kResponsesDialect);
  add_batches(router);
}

void add_description(Router& router) {
  router.add("GET", "/openapi.json", [](const std::shared_ptr<Exchange>& exchange) {
    static const std::string kDocument = openapi_document(described_posts(), field_groups());
    HttpResponse response;
    response.body = kDocument;
    exchange->respond(std::move(response));
  });
}

}  // namespace sanctum::gateway
