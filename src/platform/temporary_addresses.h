// IPv6 addresses that this machine has for a day, so that nobody can follow it (RFC 8981): nobody
// is to reach it by them. Thread rule: any thread.
#pragma once

#include <string>
#include <vector>

namespace sanctum::platform {

// Literal ones; none where the system does not say.
std::vector<std::string> temporary_addresses();

// Those in the text of Linux's /proc/net/if_inet6. Pure.
std::vector<std::string> temporary_addresses_in(const std::string& if_inet6);

}  // namespace sanctum::platform
