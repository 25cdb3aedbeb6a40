// A generation request of one of the public APIs, decoded into native types.
//
// Contract: a wrong type, a value out of range and what cannot be honoured are Error(kInvalid) with
// the path of the field; which fields there are, and what may be ignored, says fields.h.
#pragma once

#include <chrono>
#include <string>

#include "base/json.h"
#include "gateway/fields.h"
#include "gateway/request_limit.h"
#include "gateway/seal.h"
#include "wire/messages.h"

namespace sanctum::gateway {

struct ApiRequest {
  wire::GenerateRequest generate;
  bool stream = false;
  bool include_usage = false;
  std::string echo = {};             // what its dialect's shape wants to know of it; any JSON
  std::string structure_field = {};  // what binds its answer: "guided_regex"; empty: its dialect's
  std::string ignored = {};          // as FieldNotes names it: "store, tools[].cache_control"
  std::chrono::milliseconds limit = kRequestLimit;  // of the whole answer
};

// Of `reasoning_effort`: what asks for no thought at all; templates know that under another name.
inline constexpr const char* kNoEffort = "none";

// What a decoder is given beside the body.
struct Decoding {
  FieldNotes notes;
  const Seal* seal = nullptr;           // whose blobs a client may hand back; nullptr: nobody's
  const json::Node* earlier = nullptr;  // the items of the conversation that the request continues
};

// POST /v1/chat/completions. `echo` of one that speaks of functions, as before there were tools, is
// kSpeaksFunctions.
inline constexpr const char* kSpeaksFunctions = "\"functions\"";
ApiRequest decode_chat_request(const json::Node& root, FieldNotes& notes);
inline constexpr std::size_t kPromptIdsMax = 1 << 20;  // of a prompt that is given as ids
// POST /v1/completions
ApiRequest decode_completion_request(const json::Node& root, FieldNotes& notes);

// The public name of a field that the engine complains about: it knows its own message only.
std::string public_field(const std::string& engine_field);

// --- shared ------------------------------------------------------------------------------------

// What every dialect names alike: model (empty where it is left out: model_names.h), stream and
// how to choose tokens; and a seed of its own.
ApiRequest decode_common(const json::Node& root);
// And what OpenAI's two older ones share: all sampling parameters, what binds the text,
// stream_options.
ApiRequest decode_openai_common(const json::Node& root, FieldNotes& notes);

}  // namespace sanctum::gateway
