// Server-sent events (WHATWG HTML, "9.2 Server-sent events"): how a stream is cut into events.
#pragma once

#include <string>
#include <string_view>

namespace sanctum::gateway {

inline constexpr const char* kSseType = "text/event-stream; charset=utf-8";

// `data` is one line.
inline std::string sse_event(std::string_view data) {
  return "data: " + std::string(data) + "\n\n";
}
inline std::string sse_event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\n" + sse_event(data);
}
// Which every client passes over.
inline std::string sse_comment(std::string_view text) {
  return ": " + std::string(text) + "\n\n";
}

}  // namespace sanctum::gateway
