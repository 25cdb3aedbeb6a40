// How long a request's prompt is, without an answer: POST /v1/messages/count_tokens and
// /v1/responses/input_tokens.
#include "base/json.h"
#include "gateway/anthropic_error.h"
#include "gateway/anthropic_request.h"
#include "gateway/api_error.h"
#include "gateway/openai_error.h"
#include "gateway/prepared_request.h"
#include "gateway/reported_tokens.h"
#include "gateway/responses_request.h"
#include "gateway/services.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

struct Counted {
  std::string_view path;
  ApiRequest (*decode)(const json::Node& body, Decoding& with);
  std::string (*continues)(const json::Node& body);  // as of a Dialect
  std::string (*field)(const std::string& engine_field);
  std::string (*error)(const ApiError& error);
  std::string_view object;  // of the answer; empty: it does not say
};
constexpr Counted kCounted[] = {
    {"/v1/messages/count_tokens",
     [](const json::Node& body, Decoding& with) { return decode_count_request(body, with.notes); },
     nullptr, messages_field, anthropic_error, ""},
    {"/v1/responses/input_tokens", decode_responses_request, previous_response, responses_field,
     openai_error, "response.input_tokens"}};

class Counting : public GenerateListener {
 public:
  Counting(std::shared_ptr<Exchange> exchange, std::unique_ptr<Gate::Ticket> ticket,
           const Counted& how, std::string ignored, int reported_context)
      : exchange_(std::move(exchange)),
        ticket_(std::move(ticket)),
        how_(how),
        ignored_(std::move(ignored)),
        reported_context_(reported_context) {}

  void accepted(const wire::Accepted& accepted) override { context_ = accepted.context_tokens; }
  void delta(const wire::RowDelta&) override {}
  void completed(const wire::Completed& completed) override {
    exchange_->post([exchange = exchange_, response = response_to(completed)]() mutable {
      exchange->respond(std::move(response));
    });
  }

 private:
  HttpResponse response_to(const wire::Completed& completed) {
    ticket_.reset();
    if (completed.failure) {
      wire::Failure failure = *completed.failure;
      failure.field = how_.field(failure.field);
      return error_response(failure);
    }
    json::Writer w;
    w.begin_object();
    if (!how_.object.empty()) w.field("object", how_.object);
    w.field("input_tokens",
            reported_tokens(completed.usage.prompt_tokens, context_, reported_context_))
        .end_object();
    HttpResponse response;
    response.body = w.take();
    if (!ignored_.empty()) response.headers.emplace_back("X-Sanctum-Ignored", ignored_);
    return response;
  }

  const std::shared_ptr<Exchange> exchange_;
  std::unique_ptr<Gate::Ticket> ticket_;
  const Counted& how_;
  const std::string ignored_;
  const int reported_context_;
  int context_ = 0;  // the model's, in tokens; told before the end
};

void count(Services& services, const std::shared_ptr<Exchange>& exchange, const Counted& how,
           ApiRequest request) {
  request.generate.request = exchange->id();
  request.generate.count_only = true;
  request.generate.ready_timeout_ms = static_cast<int>(services.ready_timeout.count());
  int retry_after_s = 0;
  auto ticket = services.gate.enter(false, retry_after_s);
  if (!ticket)
    return exchange->respond(
        error_response({ErrorCode::kBusy, "the server is full", {}}, retry_after_s));
  services.engine.generate(
      std::move(request.generate),
      std::make_shared<Counting>(exchange, std::move(ticket), how, std::move(request.ignored),
                                 services.reported_context));
}

void serve(Services& services, const std::shared_ptr<Exchange>& exchange, const Counted& how) {
  prepare_request(services, exchange, {how.decode, how.continues},
                  [&services, &how, exchange](const auto& failure, PreparedRequest prepared) {
                    if (failure) return exchange->respond(error_response(*failure));
                    count(services, exchange, how, std::move(prepared.request));
                  });
}

}  // namespace

void add_counting(Router& router, Services& services) {
  for (const Counted& how : kCounted) {
    const std::string path(how.path);
    router.add("POST", path, [&services, &how](const std::shared_ptr<Exchange>& exchange) {
      serve(services, exchange, how);
    });
    router.spell(path, how.error);
  }
}

}  // namespace sanctum::gateway
