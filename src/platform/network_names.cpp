#include "platform/network_names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>

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

std::vector<std::string> network_names(bool with_ipv6) {
  std::vector<std::string> all;
  ifaddrs* interfaces = nullptr;
  if (::getifaddrs(&interfaces) == 0) {
    for (const ifaddrs* at = interfaces; at != nullptr; at = at->ifa_next) {
      const bool up = (at->ifa_flags & IFF_UP) != 0, loopback = (at->ifa_flags & IFF_LOOPBACK) != 0;
      if (at->ifa_addr != nullptr && up && !loopback) add(all, literal(*at->ifa_addr, with_ipv6));
    }
    ::freeifaddrs(interfaces);
  }
  char host[kHostNameBytesMax + 1] = "";
  if (::gethostname(host, kHostNameBytesMax) != 0) return all;
  const std::string name = host;
  add(all, name);
  if (!name.empty() && name.find('.') == std::string::npos) add(all, name + ".local");
  return all;
}

}  // namespace sanctum::platform
