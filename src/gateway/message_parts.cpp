#include "gateway/message_parts.h"

#include <algorithm>

namespace sanctum::gateway {

void write_content(json::Writer& w, const std::vector<MessagePart>& parts) {
  w.key("content");
  if (std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part.picture; })) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? "\n" : "") + parts[i].text;
    w.value(text);
    return;
  }
  w.begin_array();
  for (const auto& part : parts) {
    w.begin_object().field("type", part.picture ? "image" : "text");
    if (!part.picture) w.field("text", part.text);
    w.end_object();
  }
  w.end_array();
}

}  // namespace sanctum::gateway
