// "host:port" as requests name it, and the origins of web pages. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sanctum::gateway {

struct Authority {
  std::string host;  // lower case, without brackets and final dot; addresses in canonical form
  std::optional<std::uint16_t> port;
  bool is_address = false;   // a literal IPv4 or IPv6 address
  bool is_loopback = false;  // one of 127.0.0.0/8, or ::1
  bool operator==(const Authority&) const = default;
};
// "localhost", "127.0.0.1:1338", "[::1]:80", "Host.Example."; nothing for what is no authority:
// user names, spaces, ports out of range, an IPv6 address without brackets.
std::optional<Authority> parse_authority(std::string_view text);

struct Origin {
  std::string scheme;  // lower case
  Authority at;        // without the port that its scheme has anyway
  bool operator==(const Origin&) const = default;
};
// "https://app.example", as in the header Origin. Nothing for "null" and for what has a path.
std::optional<Origin> parse_origin(std::string_view text);
// The same authority without the port that `scheme` has anyway.
Authority without_default_port(Authority authority, std::string_view scheme);

}  // namespace sanctum::gateway
