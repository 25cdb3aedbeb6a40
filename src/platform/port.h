// Whether somebody listens on a TCP port of this machine.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::platform {

// `host` is a literal IPv4 or IPv6 address. False when the connection is refused or does not come
// about within a second.
bool port_accepts(const std::string& host, std::uint16_t port);
// Why nobody can listen there now, as errno has it; 0 where somebody can.
int listen_error(const std::string& host, std::uint16_t port);

}  // namespace sanctum::platform
