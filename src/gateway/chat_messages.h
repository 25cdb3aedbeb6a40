// The messages of a chat, checked and brought into the form that chat templates expect.
//
// Text-only content becomes one string (parts joined by line feeds), "developer" becomes "system",
// a picture becomes {"type":"image"} with its bytes beside, and the arguments of earlier tool calls
// become objects; those that are no JSON object stay the text that they are, because the model said
// so and an agent cannot take it back.
#pragma once

#include <string>

#include "base/json.h"
#include "gateway/fields.h"
#include "gateway/message_parts.h"

namespace sanctum::gateway {

// Throws Error(kInvalid) naming the field, for instance "messages[1].content[0].image_url.url".
ChatMessages decode_chat_messages(const json::Node& messages, FieldNotes& notes);

// A call's arguments as a message holds them: an object where the text is one, else the text, in
// JSON either way.
std::string arguments_as_json(const std::string& text);

}  // namespace sanctum::gateway
