#include "gateway/api_error.h"

#include "gateway/request_limit.h"
#include "wire/rpc_client.h"

namespace sanctum::gateway {
namespace {

constexpr int kRetryAfterDefaultS = 2;

std::string code_of(const wire::Failure& failure) {
  switch (failure.code) {
    case ErrorCode::kInvalid:
      return failure.field.empty() ? "" : "invalid_value";
    case ErrorCode::kNotFound:
      return failure.field == "model" ? "model_not_found" : "not_found";
    case ErrorCode::kTooLong:
      return kTooLongCode;
    case ErrorCode::kBusy:
      return "queue_full";
    case ErrorCode::kUnavailable:
    case ErrorCode::kDenied:
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

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLong:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kBusy:
      return 429;
    case ErrorCode::kCancelled:
      return 409;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDenied:
      return 503;
    case ErrorCode::kDeadline:
      return 504;
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace

ApiError api_error(const wire::Failure& failure) {
  return {status_of(failure.code), failure.message, code_of(failure),
          wire::is_lost(failure) ? "" : failure.field};
}

HttpResponse error_response(const wire::Failure& failure, int retry_after_s) {
  HttpResponse response;
  response.error = api_error(failure);
  response.status = response.error->status;
  if (response.status == 429 || response.status == 503) {
    response.headers.emplace_back(
        "Retry-After", std::to_string(retry_after_s > 0 ? retry_after_s : kRetryAfterDefaultS));
  }
  // The client's own wish: its SDK would ask again by itself, as after any 409 or 504.
  if (failure.code == ErrorCode::kCancelled || failure.field == kDeadlineHeader)
    response.headers.emplace_back("X-Should-Retry", "false");
  return response;
}

HttpResponse error_response(int status, const std::string& message, const std::string& code) {
  HttpResponse response;
  response.status = status;
  response.error = ApiError{status, message, code, {}};
  return response;
}

HttpResponse no_room() {
  return error_response({ErrorCode::kUnavailable,
                         "every connection that the server takes is busy with a request; try again",
                         {}});
}

}  // namespace sanctum::gateway
