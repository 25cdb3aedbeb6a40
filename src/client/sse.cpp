#include "client/sse.h"

#include <utility>

#include "base/error.h"

namespace sanctum::client {

void SseParser::push(std::string_view bytes, const std::function<void(const SseEvent&)>& sink) {
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const auto end = bytes.find_first_of("\r\n");
    const auto piece = bytes.substr(0, end);
    if (line_.size() + event_.data.size() + piece.size() > kSseEventBytesMax) {
      throw Error(ErrorCode::kCorrupt, "an event of the stream is larger than " +
                                           std::to_string(kSseEventBytesMax) + " bytes");
    }
    line_ += piece;
    if (end == std::string_view::npos) return;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const std::string whole = std::exchange(line_, {});
    line(whole, sink);
  }
}

void SseParser::line(std::string_view text, const std::function<void(const SseEvent&)>& sink) {
  if (std::exchange(first_line_, false) && text.substr(0, 3) == "\xEF\xBB\xBF") {
    text.remove_prefix(3);
  }
  if (text.empty()) {
    SseEvent event = std::exchange(event_, {});
    if (!std::exchange(has_data_, false)) return;
    if (event.name.empty()) event.name = "message";
    sink(event);
    return;
  }
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (name == "event") {
    event_.name = value;
  }
}

}  // namespace sanctum::client
