// POST /v1/responses, decoded.
#pragma once

#include "gateway/api_request.h"

namespace sanctum::gateway {

// `echo` of the request, which its answer is made with:
//   "repeated": {"tools": as the client sent them, ...},
//   "known": {flat name: {...}}, by which its calls are mapped back,
//   "previous": the id of the response that it continues, or null,
//   "seals": whether thoughts come sealed too,
//   "kept": the items of its input, which are kept with the answer; absent where nothing is.
ApiRequest decode_responses_request(const json::Node& root, Decoding& with);
// "previous_response_id", or empty.
std::string previous_response(const json::Node& root);
// What it calls a field that the engine complains about.
std::string responses_field(const std::string& engine_field);

}  // namespace sanctum::gateway
