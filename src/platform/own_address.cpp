#include "platform/own_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sanctum::platform {

bool is_own_address(const std::string& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), nullptr, &hints, &found) != 0) return true;
  bool own = true;
  // Only an address of this machine can be bound; without a port, nobody else's is in the way.
  const int trial = ::socket(found->ai_family, SOCK_STREAM, 0);
  if (trial >= 0) {
    own = ::bind(trial, found->ai_addr, found->ai_addrlen) == 0 || errno != EADDRNOTAVAIL;
    ::close(trial);
  }
  ::freeaddrinfo(found);
  return own;
}

}  // namespace sanctum::platform
