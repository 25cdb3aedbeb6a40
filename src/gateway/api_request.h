// A generation request of one of the public APIs, decoded into native types.
//
// Contract: decoding is strict. A wrong type, a value out of range, something that cannot be
// honoured and an unknown field are Error(kInvalid) with the path of the field; only fields that
// change nothing an answer promises are ignored, and they are listed.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/messages.h"

namespace sanctum::gateway {

struct ApiRequest {
  wire::GenerateRequest generate;
  bool stream = false;
  bool include_usage = false;
};

ApiRequest decode_chat_request(const json::Node& root);        // POST /v1/chat/completions
ApiRequest decode_completion_request(const json::Node& root);  // POST /v1/completions

// The public name of a field that the engine complains about: it knows its own message only.
std::string public_field(const std::string& engine_field);

// --- shared by the two -------------------------------------------------------------------------

// model (empty where it is left out: model_names.h), stream, stream_options, n and the sampling
// parameters.
ApiRequest decode_common(const json::Node& root);
// Refuses members that are neither read by decode_common nor in a list, naming the first.
void refuse_unknown_beside_common(const json::Node& root,
                                  std::initializer_list<std::string_view> known,
                                  std::initializer_list<std::string_view> ignored);
// Refuses members that are in neither list, naming the first; null counts as absent.
void refuse_unknown(const json::Node& object, std::initializer_list<std::string_view> known,
                    std::initializer_list<std::string_view> ignored);

}  // namespace sanctum::gateway
