#include "platform/temporary_addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <sstream>

namespace sanctum::platform {
namespace {

constexpr unsigned kTemporary = 0x01;  // IFA_F_TEMPORARY
constexpr std::size_t kDigits = 32, kGroup = 4;

std::string literal(const std::string& digits) {
  std::string groups;
  for (std::size_t i = 0; i < digits.size(); i += kGroup)
    groups += (i > 0 ? ":" : "") + digits.substr(i, kGroup);
  in6_addr address{};
  char text[INET6_ADDRSTRLEN] = "";
  if (digits.size() != kDigits || ::inet_pton(AF_INET6, groups.c_str(), &address) != 1) return {};
  ::inet_ntop(AF_INET6, &address, text, sizeof text);
  return text;
}

}  // namespace

// Address, number of the interface, length of the prefix, scope, flags, interface.
std::vector<std::string> temporary_addresses_in(const std::string& if_inet6) {
  std::vector<std::string> all;
  std::istringstream lines(if_inet6);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string digits;
    unsigned index = 0, prefix = 0, scope = 0, flags = 0;
    words >> digits >> std::hex >> index >> prefix >> scope >> flags;
    if (!words || (flags & kTemporary) == 0) continue;
    if (auto address = literal(digits); !address.empty()) all.push_back(std::move(address));
  }
  return all;
}

}  // namespace sanctum::platform
