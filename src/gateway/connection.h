// One client connection: its requests, one after another, and their answers.
//
// States: handshake -> receiving -> serving -> receiving ... -> lingering -> closed.
// Invariants: what throws ends this connection alone; from the handshake to the end one read is
// pending, so that a client that leaves is noticed at once and the next request is buffered; one
// write is pending at most; every state but serving has a deadline, and while serving every write
// has one. Thread rule: everything on the connection's strand; what Connection has, from any
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "gateway/event_loop.h"
#include "gateway/exchange.h"
#include "gateway/refusal_log.h"
#include "gateway/transport.h"

namespace sanctum::gateway {

struct ConnectionLimits {
  std::chrono::milliseconds handshake{10000};
  std::chrono::milliseconds idle{75000};          // between requests
  std::chrono::milliseconds header{10000};        // from its first byte to its last
  std::chrono::milliseconds body{120000};         // from the header's end to the body's
  std::chrono::milliseconds stuck_reader{30000};  // one slice of an answer
  std::chrono::milliseconds linger{2000};         // for the client to take our last words
  std::size_t connections = 2048;                 // at once
  std::size_t reserved = 64;  // beyond them: to say that there is no room, and for probes
  std::size_t pipelined_bytes = 64 * 1024;  // of the next request while one is served
  std::chrono::milliseconds calm{60000};    // nobody turned away, before that counts as over
  std::uint64_t bodies_bytes = 512u << 20;  // request bodies held by all connections
};

// Shared by all connections of one server.
struct ConnectionShared {
  ConnectionLimits limits;
  Handler handler;
  Door door = {};  // none: everybody may come in
  std::atomic<std::uint64_t> body_bytes{0};
  std::atomic<bool> draining{false};
  // Who is served although there is no room, by the request's head.
  std::function<bool(const HttpRequest&)> goes_first = {};
  // The body of an error at a path; none: as OpenAI's.
  std::function<std::string(const std::string& path, const ApiError&)> spell_error = {};
  // The address of the plain listener; empty, or no function, where there is none.
  std::function<std::string()> plain_address = {};
  RefusalLog refusals = {};
};

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  // No further request; closes at once when none is being served.
  virtual void drain() = 0;
  virtual void abort() = 0;

  // Since when no request has been under way: none was begun, its head has not come whole, or its
  // answer was the last. Nothing while one is, and once the connection is leaving. From any thread.
  virtual std::optional<Instant> idle_since() const = 0;
  // Makes room: the connection closes, unless a request came before. From any thread.
  virtual bool leave() = 0;
};

// `reserved`: there is no room. What comes is answered with 503, unless it goes first.
// `closed` is called once, on the strand, when the connection is over.
std::shared_ptr<Connection> make_connection(std::shared_ptr<ConnectionShared> shared,
                                            std::shared_ptr<Strand> strand,
                                            std::unique_ptr<Transport> transport, bool reserved,
                                            std::function<void()> closed);

}  // namespace sanctum::gateway
