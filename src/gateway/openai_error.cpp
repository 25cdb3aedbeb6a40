#include "gateway/openai_error.h"

#include "base/json.h"
#include "gateway/api_error.h"

namespace sanctum::gateway {
namespace {

std::string type_of(int status) {
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

}  // namespace

std::string openai_words(const ApiError& error) {
  const bool too_long = error.code == kTooLongCode;
  return (too_long ? "the input exceeds the context window: " : "") + error.message;
}

std::string openai_error(const ApiError& error) {
  json::Writer w;
  w.begin_object().key("error").begin_object();
  w.field("message", openai_words(error));
  w.field("type", type_of(error.status)).key("param");
  error.field.empty() ? w.null() : w.value(error.field);
  w.key("code");
  error.code.empty() ? w.null() : w.value(error.code);
  w.end_object().end_object();
  return w.take();
}

}  // namespace sanctum::gateway
