#include "platform/own_networks.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
#include <vector>

namespace sanctum::platform {
namespace {

using Bytes = std::vector<unsigned char>;

// Of an address or a mask; nothing of other families. A mapped address is the one that it carries.
Bytes bytes_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    const auto* first = reinterpret_cast<const unsigned char*>(&four.sin_addr);
    return {first, first + sizeof four.sin_addr};
  }
  if (address.sa_family != AF_INET6) return {};
  sockaddr_in6 six{};
  std::memcpy(&six, &address, sizeof six);
  const auto* first = reinterpret_cast<const unsigned char*>(&six.sin6_addr);
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&six.sin6_addr);
  return {mapped ? first + 12 : first, first + sizeof six.sin6_addr};
}

bool is_in(const Bytes& address, const Bytes& own, const Bytes& mask) {
  if (own.size() != address.size()) return false;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const unsigned char bits = i < mask.size() ? mask[i] : 0xff;
    if (((own[i] ^ address[i]) & bits) != 0) return false;
  }
  return true;
}

}  // namespace

bool is_of_own_network(const sockaddr& address) {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return true;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(found, ::freeifaddrs);
  const Bytes asked = bytes_of(address);
  if (asked.empty()) return true;
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const Bytes mask = one->ifa_netmask == nullptr ? Bytes() : bytes_of(*one->ifa_netmask);
    if (is_in(asked, bytes_of(*one->ifa_addr), mask)) return true;
  }
  return false;
}

}  // namespace sanctum::platform
