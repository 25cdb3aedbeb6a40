// Listeners and connections of the gateway.
//
// Contract: at the limit of connections, the one that has been idle longest makes room, so that
// newcomers are let in; where every one is busy with a request, a newcomer gets 503, and whom
// `goes_first` names is served. drain() stops accepting first, lets running requests finish within
// a limit, and returns when no connection is left; abort() ends what remains and waits for that.
// Thread rule: the constructor's thread owns it; handlers run on the connections' strands.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/connection.h"
#include "gateway/listener.h"

namespace sanctum::gateway {

inline constexpr std::chrono::milliseconds kAbortLimit{2000};  // for connections to notice

inline constexpr std::chrono::milliseconds kEvictionsToldEvery{1000};

struct ServerHooks {
  // Who gets to the handler; without one, everybody.
  Door door = {};
  // Of a request's head that comes when there is no room: whether it is served all the same.
  std::function<bool(const HttpRequest&)> goes_first = {};
  // As ConnectionShared's.
  std::function<std::string(const std::string& path, const ApiError&)> spell_error = {};
  // True when newcomers begin to be turned away, false when none was for ConnectionLimits::calm.
  // `why`: for people. On the loop's threads; must not block.
  std::function<void(bool turned_away, const std::string& why)> turns_away = {};
};

class Server {
 public:
  Server(EventLoop& loop, ConnectionLimits limits, Handler handler, ServerHooks hooks = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens at once; returns the address with the port in force.
  Address listen(const Address& address, const std::optional<TlsFiles>& tls);
  // As Listener's of the same arguments.
  void listen_local(const std::string& path);
  // In place of all listeners that there are: where nobody finds them any more.
  void listen_local_instead(const std::string& path);
  int connections() const;
  bool draining() const;
  void close_listeners();
  // True when every connection ended within the limit.
  bool drain(std::chrono::milliseconds limit);
  void abort();

 private:
  class Connections;
  Listener::Hooks listener_hooks();
  EventLoop& loop_;
  std::shared_ptr<ConnectionShared> shared_;
  std::shared_ptr<Connections> connections_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace sanctum::gateway
