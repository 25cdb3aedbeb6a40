#include "platform/public_address.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace sanctum::platform {
namespace {

struct Network4 {
  std::uint32_t first;
  int bits;
};
constexpr Network4 kApart4[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // carriers' own
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link local, clouds' metadata
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc0586300, 24},  // 6to4 relays
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, broadcast
};

bool is_public4(std::uint32_t address) {
  return std::none_of(std::begin(kApart4), std::end(kApart4), [&](const Network4& network) {
    return (address ^ network.first) >> (32 - network.bits) == 0;
  });
}

using Bytes6 = std::array<std::uint8_t, 16>;

std::uint32_t four(const Bytes6& bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 8 | bytes[at + i];
  return out;
}

bool begins(const Bytes6& bytes, std::initializer_list<std::uint8_t> with) {
  return std::equal(with.begin(), with.end(), bytes.begin());
}

bool is_public6(const Bytes6& bytes) {
  if (begins(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return is_public4(four(bytes, 12));
  if (begins(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
    return is_public4(four(bytes, 12));
  if (begins(bytes, {0x20, 0x02})) return is_public4(four(bytes, 2));
  if (begins(bytes, {0x20, 0x01, 0x0d, 0xb8}) || begins(bytes, {0x3f, 0xff})) return false;
  if (begins(bytes, {0x20, 0x01}) && bytes[2] < 2) return false;  // 2001::/23, Teredo among it
  return bytes[0] >> 5 == 1;                                      // 2000::/3
}

}  // namespace

bool is_public(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    return is_public4(ntohl(four.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 six{};
  std::memcpy(&six, &address, sizeof six);
  Bytes6 bytes;
  std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
  return is_public6(bytes);
}

}  // namespace sanctum::platform
