// The turns of Anthropic's Messages, brought into the form that chat templates expect.
//
// `system` is the first message, without the billing header that some clients put before it: it
// changes with each request, and no prefix would be found again. A turn of the system in the midst
// is a part of the user's beside it, because templates take one only at the beginning; turns of one
// role that follow each other are one. Results of tools are messages of their own.
#pragma once

#include "base/json.h"
#include "gateway/chat_messages.h"
#include "gateway/fields.h"

namespace sanctum::gateway {

// Of a whole request. Throws Error(kInvalid) naming the field.
ChatMessages decode_turns(const json::Node& root, FieldNotes& notes);

}  // namespace sanctum::gateway
