// What a request binds its answer's text to, in the spellings of OpenAI and of vLLM.
//
// response_format, structured_outputs, guided_json, guided_regex, guided_choice, guided_grammar:
// one of them. Whether a model's engine can enforce it is the engine's to say.
#pragma once

#include "base/json.h"
#include "gateway/fields.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// Throws Error(kInvalid) naming the field, also for two of them.
// `field` becomes the path of what says so.
wire::Structure read_structure(const json::Node& root, FieldNotes& notes, std::string& field);

// {"type": "json_schema", "schema": ...}, as Anthropic and OpenAI's Responses have it.
wire::Structure read_schema_format(const json::Node& format);

}  // namespace sanctum::gateway
