// Whether somebody listens on a TCP port of this machine.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::platform {

// `host` is a literal IPv4 or IPv6 address. False when the connection is refused or does not come
// about within a second.
bool port_accepts(const std::string& host, std::uint16_t port);
// Whether somebody else has it, so that nobody can listen there now; not of port 0.
bool port_is_taken(const std::string& host, std::uint16_t port);

}  // namespace sanctum::platform
