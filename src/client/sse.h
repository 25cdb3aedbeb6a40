// Server-sent events, as the WHATWG stream format defines them, from bytes cut anywhere.
//
// Contract: an event is handed out at its blank line; comments, ids and retries are dropped; an
// event that the stream's end cuts off is never handed out. Limit: kSseEventBytesMax of data an
// event, beyond it Error(kCorrupt). Not thread-safe: owned by whoever feeds it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sanctum::client {

inline constexpr std::size_t kSseEventBytesMax = 16u << 20;

struct SseEvent {
  std::string name;  // "message" where the server gave none
  std::string data;  // its lines, joined by '\n'
};

class SseParser {
 public:
  void push(std::string_view bytes, const std::function<void(const SseEvent&)>& sink);

 private:
  void line(std::string_view text, const std::function<void(const SseEvent&)>& sink);

  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;  // a '\n' that follows belongs to the same line end
  bool first_line_ = true;
};

}  // namespace sanctum::client
