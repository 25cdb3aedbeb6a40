// One client connection: its requests, one after another, and their answers.
//
// States: handshake -> receiving -> serving -> receiving ... -> lingering -> closed.
// Invariants: from the handshake to the end one read is pending, so that a client that leaves is
// noticed at once and the next request is buffered; one write is pending at most; every state but
// serving has a deadline, and while serving every write has one.
// Thread rule: everything on the connection's strand; `drain` and `abort` from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/event_loop.h"
#include "gateway/exchange.h"
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
  std::size_t pipelined_bytes = 64 * 1024;        // of the next request while one is served
  std::uint64_t bodies_bytes = 512u << 20;        // request bodies held by all connections
};

// Shared by all connections of one server.
struct ConnectionShared {
  ConnectionLimits limits;
  Handler handler;
  Door door = {};  // none: everybody may come in
  std::atomic<std::uint64_t> body_bytes{0};
  std::atomic<bool> draining{false};
};

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  // No further request; closes at once when none is being served.
  virtual void drain() = 0;
  virtual void abort() = 0;
};

// `closed` is called once, on the strand, when the connection is over.
std::shared_ptr<Connection> make_connection(std::shared_ptr<ConnectionShared> shared,
                                            std::shared_ptr<Strand> strand,
                                            std::unique_ptr<Transport> transport,
                                            std::function<void()> closed);

}  // namespace sanctum::gateway
