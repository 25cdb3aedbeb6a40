// {"type":"error","error":{"type":"invalid_request_error","message":...}}: Anthropic's form.
#pragma once

#include <string>

#include "gateway/http_message.h"

namespace sanctum::gateway {

std::string anthropic_error(const ApiError& error);

}  // namespace sanctum::gateway
