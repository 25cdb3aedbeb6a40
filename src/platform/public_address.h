// Whether an address is one of the public internet: nobody's own network, no machine's own, none of
// those that are set apart (IANA's special-purpose registries, RFC 6890). Pure.
#pragma once

#include <sys/socket.h>

namespace sanctum::platform {

// Of IPv6 addresses that carry one of IPv4 (mapped, 6to4, NAT64) that one is asked about.
bool is_public(const sockaddr& address);

}  // namespace sanctum::platform
