// The messages of a chat, checked and brought into the form that chat templates expect.
//
// Text-only content becomes one string (parts joined by line feeds), "developer" becomes "system",
// a picture becomes {"type":"image"} with its bytes beside, and the arguments of earlier tool calls
// become objects.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace sanctum::gateway {

struct ChatMessages {
  std::string json;                 // for GenerateRequest::messages_json
  std::vector<std::string> images;  // in the order of their parts
};

// Throws Error(kInvalid) naming the field, for instance "messages[1].content[0].image_url.url".
ChatMessages decode_chat_messages(const json::Node& messages);

}  // namespace sanctum::gateway
