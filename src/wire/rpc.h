// JSON-RPC 2.0 over a byte stream, one message a line.
//
// Framing only: what the parameters mean is messages.h. Limits: a line has at most kFrameBytesMax
// bytes; a longer one, or one that is no JSON-RPC, is Error(kCorrupt) and the stream is given up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "wire/messages.h"

namespace sanctum::wire {

// Collects bytes into lines. Not thread-safe: owned by the thread that reads.
class LineBuffer {
 public:
  void push(std::string_view bytes);
  // The next whole line without its end; nothing when more bytes are needed.
  std::optional<std::string> pop();

 private:
  std::string buffer_;
  std::size_t start_ = 0;    // bytes before it have been handed out
  std::size_t scanned_ = 0;  // no line ends between start_ and here
};

// A received message. Exactly one of: request (method and id), notification (method alone),
// result (id and result), failure (id and failure).
struct Message {
  explicit Message(std::string_view line);
  std::string method;
  std::string id;  // as JSON text: `1` or `"a"`; empty for a notification
  std::optional<Failure> failure;
  // Parameters of a request or notification, or the result. Valid while the message lives.
  json::Node body() const;

 private:
  json::Document document_;
  bool has_body_ = false;
};

// Whole lines, ending in '\n'. `body` and `id` are JSON text.
std::string request_line(std::string_view id, std::string_view method, std::string_view body);
std::string notification_line(std::string_view method, std::string_view body);
std::string result_line(std::string_view id, std::string_view body);
std::string failure_line(std::string_view id, const Failure& failure);

Failure to_failure(const Error& error);
// Throws the failure as the Error it came from.
[[noreturn]] void raise(const Failure& failure);

}  // namespace sanctum::wire
