// What others on the network may call this machine: its host name, and the addresses of its
// networks now. They come and go. Thread rule: any thread.
#pragma once

#include <string>
#include <vector>

namespace sanctum::platform {

// Literal addresses of interfaces that are up, but for loopback ones and those that hold on one
// link alone or for a day; IPv6 ones only where `with_ipv6`. Then the host name, and the one that
// mDNS gives it.
// Whatever cannot be found out is left out.
std::vector<std::string> network_names(bool with_ipv6);
// Whether an address or a host name is this machine's, now. True also when it cannot be found out.
bool is_own_name(const std::string& name);

}  // namespace sanctum::platform
