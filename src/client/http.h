// One HTTP/1.1 exchange after another over libcurl, plain or with client certificates.
//
// Contract: send() always returns within Limits::total (plus kCancelCheckMs), whatever the peer
// does, and reports an outside fault in the reply instead of throwing. Connections are kept alive
// between calls. Thread rule: a Connection belongs to one thread; `cancelled` may be set by any.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "client/endpoint.h"

namespace sanctum::client {

using Milliseconds = std::chrono::milliseconds;

inline constexpr std::size_t kBodyBytesMax = 64u << 20;  // of a reply that is not streamed
inline constexpr int kCancelCheckMs = 50;                // how late a cancellation is noticed

struct Limits {
  Milliseconds connect{5'000};
  Milliseconds silence{120'000};  // without a byte received
  Milliseconds total{600'000};    // 0: none
};

// How an exchange ended.
enum class Ending {
  kAnswered,     // a whole reply, whatever its status
  kUnreachable,  // no connection, or no trust: nothing was served
  kBroken,       // the reply stopped midway or was no HTTP
  kDeadline,     // one of the Limits ran out
  kCancelled,
};
// "answered", "unreachable", ...
std::string_view to_string(Ending ending);

struct HttpCall {
  std::string method = "GET";
  std::string path = "/";
  std::string body = {};  // JSON, sent with POST
  // Takes the bytes of a 200 reply of type text/event-stream; without it they are collected.
  std::function<void(std::string_view)> on_stream = {};
};

// Microseconds from `sent` until each was done; 0 for what was not reached, or was there already.
struct HttpPhases {
  std::int64_t connected_us = 0;
  std::int64_t trusted_us = 0;  // the TLS handshake
  std::int64_t first_byte_us = 0;
};

struct HttpReply {
  Ending ending = Ending::kUnreachable;
  int status = 0;
  std::string message;  // for people, where ending is not kAnswered
  std::string body;     // without the bytes that went to on_stream
  std::optional<Milliseconds> retry_after;
  std::string served_by;  // another server, in place of the one that was asked; empty: none
  HttpPhases phases;
  // What is known of the program behind the address, whatever the ending. `heard`: it said
  // something, a byte of TLS is enough, or it hung up; what the system does in its place, taking
  // the connection, is nothing. `not_asked`: the fault is on this side (no descriptor, no route, a
  // file of ours), so that nothing is known.
  bool heard = false;
  bool not_asked = false;
  Instant sent{};
  Instant ended{};
};

class Connection {
 public:
  explicit Connection(Endpoint endpoint);
  ~Connection();
  Connection(Connection&&) noexcept;

  // An exception thrown by on_stream ends the exchange and comes out of here.
  HttpReply send(const HttpCall& call, const Limits& limits,
                 const std::atomic<bool>* cancelled = nullptr);
  const Endpoint& endpoint() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sanctum::client
