// The paths of the dialects: POST /v1/chat/completions and POST /v1/completions.
#include "base/log.h"
#include "gateway/anthropic_error.h"
#include "gateway/api_error.h"
#include "gateway/api_request.h"
#include "gateway/conversation.h"
#include "gateway/described.h"
#include "gateway/fetched_pictures.h"
#include "gateway/generation.h"
#include "gateway/model_names.h"
#include "gateway/referred_items.h"
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

// `earlier`: the items of the conversation that it continues, JSON; empty for none.
void generate(Services& services, const std::shared_ptr<Exchange>& exchange, const Dialect& dialect,
              std::string body, const std::string& earlier) {
  ApiRequest request;
  try {
    const json::Document document(body);
    const json::Document items(earlier.empty() ? "[]" : earlier);
    const json::Node said = items.root();
    Decoding with{FieldNotes(services.strict_fields), services.seal,
                  earlier.empty() ? nullptr : &said};
    request = dialect.decode(document.root(), with);
    request.ignored = with.notes.ignored_list();
    request.limit = request_limit(exchange->request().headers);
    request.generate.model = meant_model(request.generate.model, services.models, services.aliases);
  } catch (const Error& error) {
    return refuse(services, exchange, dialect, wire::to_failure(error));
  }
  if (services.fallback == nullptr || from_probe(services, *exchange) || !earlier.empty()) {
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

void go_on(Services& services, const std::shared_ptr<Exchange>& exchange, const Dialect& dialect,
           const std::string& body) {
  std::string previous;
  try {
    if (dialect.continues != nullptr) previous = dialect.continues(json::Document(body).root());
  } catch (const Error& error) {
    return refuse(services, exchange, dialect, wire::to_failure(error));
  }
  read_conversation(
      services, exchange, previous,
      [&services, &dialect, exchange, body](const auto& failure, const std::string& items) {
        if (failure) return refuse(services, exchange, dialect, *failure);
        generate(services, exchange, dialect, body, items);
      });
}

void serve(Services& services, const std::shared_ptr<Exchange>& exchange, const Dialect& dialect) {
  if (services.draining && services.draining()) {
    return exchange->respond(
        error_response({ErrorCode::kUnavailable, "the server is shutting down", {}}));
  }
  fetch_pictures(services, exchange, exchange->take_body(),
                 [&services, &dialect, exchange](const auto& failure, std::string body) {
                   if (failure) return refuse(services, exchange, dialect, *failure);
                   if (dialect.continues == nullptr)
                     return go_on(services, exchange, dialect, body);
                   read_referred_items(
                       services, exchange, std::move(body),
                       [&services, &dialect, exchange](const auto& unread, const std::string& all) {
                         if (unread) return refuse(services, exchange, dialect, *unread);
                         go_on(services, exchange, dialect, all);
                       });
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
