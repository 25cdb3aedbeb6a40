// Listeners and connections of the gateway.
//
// Contract: drain() stops accepting first, lets running requests finish within a limit, and
// returns when no connection is left; abort() ends what remains and waits for that. Thread rule:
// the constructor's thread owns it; handlers run on the connections' strands.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/connection.h"
#include "gateway/listener.h"

namespace sanctum::gateway {

inline constexpr std::chrono::milliseconds kAbortLimit{2000};  // for connections to notice

class Server {
 public:
  // `door` decides who gets to the handler; without one, everybody.
  Server(EventLoop& loop, ConnectionLimits limits, Handler handler, Door door = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens at once; returns the address with the port in force.
  Address listen(const Address& address, const std::optional<TlsFiles>& tls);
  // As Listener's of the same arguments.
  void listen_local(const std::string& path);
  int connections() const;
  bool draining() const;
  void close_listeners();
  // True when every connection ended within the limit.
  bool drain(std::chrono::milliseconds limit);
  void abort();

 private:
  class Connections;
  Listener::Accepted accepted();
  EventLoop& loop_;
  std::shared_ptr<ConnectionShared> shared_;
  std::shared_ptr<Connections> connections_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace sanctum::gateway
