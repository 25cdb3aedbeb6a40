#include "serve/control_listener.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace sanctum::serve {
namespace {

constexpr std::size_t kControlConnections = 16;

gateway::ConnectionLimits few() {
  gateway::ConnectionLimits limits;
  limits.connections = limits.reserved = kControlConnections;
  return limits;
}

}  // namespace

ControlListener::ControlListener(gateway::EventLoop& loop, std::string path,
                                 gateway::Handler handler)
    : path_(std::move(path)), server_(loop, few(), std::move(handler)) {
  server_.listen_local(path_);
  ours_ = platform::file_identity(path_);
}

void ControlListener::look() {
  if (ours_ && platform::file_identity(path_) == ours_) return;
  ours_.reset();
  try {
    server_.listen_local_instead(path_);
    ours_ = platform::file_identity(path_);
    told_ = false;
    log::warn("control_socket_made_again", {{"path", path_}, {"why", "it was gone, or replaced"}});
  } catch (const Error& error) {
    if (!std::exchange(told_, true)) log::error("control_socket", {{"error", error.what()}});
  }
}

void ControlListener::end() {
  server_.close_listeners();
  server_.abort();
  platform::remove_if_same(path_, ours_);
}

}  // namespace sanctum::serve
