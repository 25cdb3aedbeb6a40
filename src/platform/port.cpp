#include "platform/port.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sanctum::platform {
namespace {

constexpr int kLimitMs = 1000;

int connects(int socket, const addrinfo& where) {
  if (::fcntl(socket, F_SETFL, O_NONBLOCK) != 0) return false;
  if (::connect(socket, where.ai_addr, where.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd ready{socket, POLLOUT, 0};
  if (::poll(&ready, 1, kLimitMs) != 1) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// As a listener would take it.
int refused(int socket, const addrinfo& where) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool taken =
      ::bind(socket, where.ai_addr, where.ai_addrlen) == 0 && ::listen(socket, 1) == 0;
  return taken ? 0 : errno;
}

// 0, or false, where there is not even a socket.
int with_socket(const std::string& host, std::uint16_t port,
                int (*ask)(int socket, const addrinfo& where)) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return 0;
  const int socket = ::socket(found->ai_family, SOCK_STREAM, 0);
  const int answer = socket >= 0 ? ask(socket, *found) : 0;
  if (socket >= 0) ::close(socket);
  ::freeaddrinfo(found);
  return answer;
}

}  // namespace

bool port_accepts(const std::string& host, std::uint16_t port) {
  return with_socket(host, port, connects) != 0;
}

int listen_error(const std::string& host, std::uint16_t port) {
  return with_socket(host, port, refused);
}

}  // namespace sanctum::platform
