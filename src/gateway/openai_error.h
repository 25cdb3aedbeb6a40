// Errors in OpenAI's form: {"error":{"message","type","param","code"}}.
#pragma once

#include <string>

#include "gateway/http_message.h"

namespace sanctum::gateway {

std::string openai_error(const ApiError& error);

}  // namespace sanctum::gateway
