// POST /v1/chat/completions and POST /v1/completions.
#include <ctime>

#include "base/log.h"
#include "gateway/api_request.h"
#include "gateway/generation.h"
#include "gateway/openai_error.h"
#include "gateway/services.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

using Decode = ApiRequest (*)(const json::Node&);
using Shape = std::unique_ptr<AnswerShape> (*)(AnswerHead);

void serve(Services& services, const std::shared_ptr<Exchange>& exchange, const std::string& api,
           Decode decode, Shape shape) {
  if (services.draining && services.draining()) {
    return exchange->respond(
        error_response({ErrorCode::kUnavailable, "the server is shutting down", {}}));
  }
  ApiRequest request;
  std::string body;
  try {
    body = exchange->take_body();
    const json::Document document(body);
    request = decode(document.root());
  } catch (const Error& error) {
    const HttpResponse response = error_response(wire::to_failure(error));
    services.metrics.request(api, response.status, 0);
    log::info("request", {{"id", exchange->id()},
                          {"api", api},
                          {"key", exchange->request().peer.key},
                          {"status", response.status},
                          {"error", to_string(error.code())},
                          {"field", error.field()}});
    return exchange->respond(response);
  }
  if (services.fallback == nullptr || from_probe(services, *exchange)) {
    body = {};
  } else if (services.fallback->takes(
                 services.engine.status().state == "parked" ? Refusal::kParked : Refusal::kNone)) {
    services.metrics.forwarded();
    return services.fallback->forward(
        exchange, {exchange->request().path, std::move(body), request.generate.model});
  }
  AnswerHead head{exchange->id(), request.generate.model, std::time(nullptr),
                  request.include_usage};
  start_generation(services, exchange, api, std::move(request), shape(std::move(head)),
                   std::move(body));
}

}  // namespace

void add_completions(Router& router, Services& services) {
  router.add("POST", "/v1/chat/completions",
             [&services](const std::shared_ptr<Exchange>& exchange) {
               serve(services, exchange, "chat", decode_chat_request, chat_answer);
             });
  router.add("POST", "/v1/completions", [&services](const std::shared_ptr<Exchange>& exchange) {
    serve(services, exchange, "completions", decode_completion_request, completion_answer);
  });
}

}  // namespace sanctum::gateway
