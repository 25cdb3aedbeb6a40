// How one public API speaks: what its requests mean, and every byte of its answers. A dialect is
// one file, and one row where it is added to the router.
//
// Contract: whatever else serves its requests (admission, engine, fallback, records) knows nothing
// of its spelling, and it knows nothing of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/answer.h"
#include "gateway/api_request.h"
#include "gateway/http_message.h"

namespace sanctum::gateway {

struct Dialect {
  std::string_view name;  // in metrics, journal and log: "chat"
  // Strict, as api_request.h says. Throws Error(kInvalid).
  ApiRequest (*decode)(const json::Node& body);
  std::unique_ptr<AnswerShape> (*shape)(AnswerHead head);
  // The body of an error that comes in an answer's place, JSON.
  std::string (*error)(const ApiError& error);
  // What it calls a field of wire::GenerateRequest that the engine complains about.
  std::string (*field)(const std::string& engine_field);
};

extern const Dialect kChatDialect;        // POST /v1/chat/completions
extern const Dialect kCompletionDialect;  // POST /v1/completions

}  // namespace sanctum::gateway
