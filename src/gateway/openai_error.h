// Errors in OpenAI's form: {"error":{"message","type","param","code"}}.
#pragma once

#include <string>

#include "gateway/http_message.h"

namespace sanctum::gateway {

std::string openai_error(const ApiError& error);
// Its message: of a prompt that is too long in the words by which agents know that it is time to
// compact.
std::string openai_words(const ApiError& error);

}  // namespace sanctum::gateway
