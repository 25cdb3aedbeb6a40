// Whether an address is one of this machine's, now: networks come and go under a server that
// listens on one of them.
#pragma once

#include <string>

namespace sanctum::platform {

// `address`: a literal IPv4 or IPv6 address. True also when it cannot be found out.
bool is_own_address(const std::string& address);

}  // namespace sanctum::platform
