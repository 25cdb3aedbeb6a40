#include "gateway/openai_error.h"

#include "base/json.h"
#include "wire/rpc_client.h"

namespace sanctum::gateway {
namespace {

constexpr int kRetryAfterDefaultS = 2;

std::string body(const std::string& message, const std::string& type, const std::string& param,
                 const std::string& code) {
  json::Writer w;
  w.begin_object().key("error").begin_object().field("message", message).field("type", type);
  w.key("param");
  param.empty() ? w.null() : w.value(param);
  w.key("code");
  code.empty() ? w.null() : w.value(code);
  w.end_object().end_object();
  return w.take();
}

std::string code_of(const wire::Failure& failure) {
  switch (failure.code) {
    case ErrorCode::kInvalid:
      return failure.field.empty() ? "" : "invalid_value";
    case ErrorCode::kNotFound:
      return failure.field == "model" ? "model_not_found" : "not_found";
    case ErrorCode::kTooLong:
      return "context_length_exceeded";
    case ErrorCode::kBusy:
      return "queue_full";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kDeadline:
      return "timeout";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return "internal_error";
  }
  return "internal_error";
}

std::string type_of(int status) {
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

}  // namespace

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLong:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kBusy:
      return 429;
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
      return 503;
    case ErrorCode::kDeadline:
      return 504;
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

std::string error_body(const wire::Failure& failure) {
  const std::string param = wire::is_lost(failure) ? "" : failure.field;
  return body(failure.message, type_of(http_status(failure.code)), param, code_of(failure));
}

HttpResponse error_response(const wire::Failure& failure, int retry_after_s) {
  HttpResponse response;
  response.status = http_status(failure.code);
  response.body = error_body(failure);
  if (response.status == 429 || response.status == 503) {
    response.headers.emplace_back(
        "Retry-After", std::to_string(retry_after_s > 0 ? retry_after_s : kRetryAfterDefaultS));
  }
  return response;
}

HttpResponse error_response(int status, const std::string& message, const std::string& code) {
  HttpResponse response;
  response.status = status;
  response.body = body(message, type_of(status), "", code);
  return response;
}

}  // namespace sanctum::gateway
