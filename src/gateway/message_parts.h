// The parts of a message, as the engine is told them: texts, and places of pictures.
// Thread rule: values.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"

namespace sanctum::gateway {

inline constexpr std::size_t kPartsMax = 1024;     // of one message, and of one tool's result
inline constexpr std::size_t kToolCallsMax = 256;  // of one message

struct MessagePart {
  std::string text = {};
  bool picture = false;  // the next of the request's pictures
};

// A conversation as the engine is told it.
struct ChatMessages {
  std::string json;                 // GenerateRequest::messages_json
  std::vector<std::string> images;  // the bytes of each picture's file, in order
};

// The member "content": one text, with a line's end between the parts, where none is a picture.
void write_content(json::Writer& w, const std::vector<MessagePart>& parts);

}  // namespace sanctum::gateway
