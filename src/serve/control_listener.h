// The listener of the control socket. What lies in the state directory can be removed: then it
// listens again, because probes and commands find the gateway there alone.
//
// Thread rule: the constructor's thread owns it.
#pragma once

#include <optional>
#include <string>

#include "gateway/server.h"
#include "platform/file_identity.h"

namespace sanctum::serve {

class ControlListener {
 public:
  // Listens from here on; throws Error. `loop` outlives it.
  ControlListener(gateway::EventLoop& loop, std::string path, gateway::Handler handler);
  // To be called now and then.
  void look();
  // Nothing is accepted, and nobody served, from here on; the socket is removed, if it is ours.
  void end();

 private:
  const std::string path_;
  gateway::Server server_;
  std::optional<platform::FileIdentity> ours_;
  bool told_ = false;  // that it cannot be made again
};

}  // namespace sanctum::serve
