// Errors in OpenAI's form: {"error":{"message","type","param","code"}}.
#pragma once

#include <string>

#include "gateway/http_message.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// The HTTP status that says who can act on it.
int http_status(ErrorCode code);
std::string error_body(const wire::Failure& failure);
// With Retry-After where trying again makes sense; `retry_after_s` 0 takes the default.
HttpResponse error_response(const wire::Failure& failure, int retry_after_s = 0);
// For faults of the HTTP request itself.
HttpResponse error_response(int status, const std::string& message, const std::string& code = {});

}  // namespace sanctum::gateway
