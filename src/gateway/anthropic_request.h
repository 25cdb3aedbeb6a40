// POST /v1/messages, decoded.
#pragma once

#include "gateway/api_request.h"

namespace sanctum::gateway {

ApiRequest decode_messages_request(const json::Node& root, FieldNotes& notes);
// POST /v1/messages/count_tokens: the same without max_tokens.
ApiRequest decode_count_request(const json::Node& root, FieldNotes& notes);
// What it calls a field that the engine complains about.
std::string messages_field(const std::string& engine_field);

}  // namespace sanctum::gateway
