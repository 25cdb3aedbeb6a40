#include "gateway/anthropic_error.h"

#include "base/json.h"
#include "gateway/api_error.h"

namespace sanctum::gateway {
namespace {

// https://docs.anthropic.com/en/api/errors
std::string type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

}  // namespace

std::string anthropic_error(const ApiError& error) {
  json::Writer w;
  w.begin_object().field("type", "error").key("error").begin_object();
  w.field("type", type_of(error.status));
  // By these words agents know that it is time to compact.
  const bool too_long = error.code == kTooLongCode;
  w.field("message", (too_long ? "prompt is too long: " : "") + error.message);
  w.end_object().end_object();
  return w.take();
}

}  // namespace sanctum::gateway
