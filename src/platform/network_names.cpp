#include "platform/network_names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>

#include "platform/own_address.h"
#include "platform/temporary_addresses.h"

namespace sanctum::platform {
namespace {

constexpr std::size_t kHostNameBytesMax = 256;

std::string literal(const sockaddr& address, bool with_ipv6) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
  } else if (address.sa_family == AF_INET6 && with_ipv6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    if (!IN6_IS_ADDR_LINKLOCAL(&six.sin6_addr))
      ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
  }
  return text;
}

void add(std::vector<std::string>& all, const std::string& name) {
  if (!name.empty() && std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
}

}  // namespace

// The one that it has, and the one that mDNS gives it.
std::vector<std::string> host_names() {
  char host[kHostNameBytesMax + 1] = "";
  if (::gethostname(host, kHostNameBytesMax) != 0 || *host == '\0') return {};
  const std::string name = host;
  if (name.find('.') != std::string::npos) return {name};
  return {name, name + ".local"};
}

bool is_literal(const std::string& name) {
  in6_addr bytes{};
  return ::inet_pton(AF_INET, name.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &bytes) == 1;
}

std::vector<std::string> network_names(bool with_ipv6) {
  std::vector<std::string> all;
  const auto temporary = with_ipv6 ? temporary_addresses() : std::vector<std::string>();
  ifaddrs* interfaces = nullptr;
  if (::getifaddrs(&interfaces) == 0) {
    for (const ifaddrs* at = interfaces; at != nullptr; at = at->ifa_next) {
      const bool up = (at->ifa_flags & IFF_UP) != 0, loopback = (at->ifa_flags & IFF_LOOPBACK) != 0;
      if (at->ifa_addr == nullptr || !up || loopback) continue;
      const std::string address = literal(*at->ifa_addr, with_ipv6);
      if (std::find(temporary.begin(), temporary.end(), address) == temporary.end())
        add(all, address);
    }
    ::freeifaddrs(interfaces);
  }
  for (const auto& name : host_names()) add(all, name);
  return all;
}

bool is_own_name(const std::string& name) {
  if (is_literal(name)) return is_own_address(name);
  const auto hosts = host_names();
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
    return ::strcasecmp(host.c_str(), name.c_str()) == 0;
  });
}

}  // namespace sanctum::platform
