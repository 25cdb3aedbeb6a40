// What a client is told when it cannot have what it asked for. How an error is spelled is its
// path's dialect's business (dialect.h), at the moment when it is sent.
#pragma once

#include <string>

#include "gateway/http_message.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// The code of ErrorCode::kTooLong.
inline constexpr const char* kTooLongCode = "context_length_exceeded";

// The HTTP status says who can act on it.
ApiError api_error(const wire::Failure& failure);

// With Retry-After where trying again makes sense; `retry_after_s` 0 takes the default.
HttpResponse error_response(const wire::Failure& failure, int retry_after_s = 0);
// For faults of the HTTP request itself.
HttpResponse error_response(int status, const std::string& message, const std::string& code = {});
// Of a connection more than the server takes.
HttpResponse no_room();

}  // namespace sanctum::gateway
