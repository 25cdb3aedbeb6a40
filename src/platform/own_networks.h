// Networks that this machine has an address in, now: its own addresses, its neighbours and its
// routers, also where those are addresses of the public internet.
#pragma once

#include <sys/socket.h>

namespace sanctum::platform {

// True also when it cannot be found out.
bool is_of_own_network(const sockaddr& address);

}  // namespace sanctum::platform
