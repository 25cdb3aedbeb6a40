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
  // As api_request.h says; what it ignores it notes. Throws Error(kInvalid).
  ApiRequest (*decode)(const json::Node& body, Decoding& with);
  std::unique_ptr<AnswerShape> (*shape)(AnswerHead head);
  // The body of an error that comes in an answer's place, JSON.
  std::string (*error)(const ApiError& error);
  // What it calls a field of wire::GenerateRequest that the engine complains about.
  std::string (*field)(const std::string& engine_field);
  // The kept answer that a request continues, empty for none; nullptr: its requests never do.
  std::string (*continues)(const json::Node& body) = nullptr;
  // Agents speak it: tokens are told as reported_tokens.h says.
  bool of_agents = false;
  // Its clients look for a prompt that is too long in the stream, not in the status.
  bool streams_too_long = false;
};

extern const Dialect kChatDialect;        // POST /v1/chat/completions
extern const Dialect kCompletionDialect;  // POST /v1/completions
extern const Dialect kMessagesDialect;    // POST /v1/messages, Anthropic's
extern const Dialect kResponsesDialect;   // POST /v1/responses

}  // namespace sanctum::gateway
