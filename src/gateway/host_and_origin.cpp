#include "gateway/host_and_origin.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/http_headers.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kHostBytesMax = 253;  // as in DNS

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kHostBytesMax && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
         });
}

std::optional<Authority> address_v4(const std::string& text) {
  in_addr bytes{};
  if (::inet_pton(AF_INET, text.c_str(), &bytes) != 1) return std::nullopt;
  constexpr std::uint32_t kLoopbackNet = 127;
  return Authority{text, {}, true, ntohl(bytes.s_addr) >> 24 == kLoopbackNet};
}

std::optional<Authority> address_v6(const std::string& text) {
  in6_addr bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), &bytes) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) {
    ::inet_ntop(AF_INET, bytes.s6_addr + 12, canonical.data(), canonical.size());
    return address_v4(canonical.data());
  }
  ::inet_ntop(AF_INET6, &bytes, canonical.data(), canonical.size());
  return Authority{canonical.data(), {}, true, IN6_IS_ADDR_LOOPBACK(&bytes) != 0};
}

std::optional<Authority> parse_host(std::string_view text, bool bracketed) {
  if (text.size() > kHostBytesMax + 1) return std::nullopt;
  if (bracketed) return address_v6(std::string(text));
  std::string name = lower_case(text);
  if (!name.empty() && name.back() == '.') name.pop_back();
  if (auto address = address_v4(name)) return address;
  if (!is_name(name)) return std::nullopt;
  return Authority{std::move(name), {}, false, false};
}

bool is_scheme(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
                  c == '.';
         });
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const bool bracketed = !text.empty() && text.front() == '[';
  const std::size_t end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == std::string_view::npos) return std::nullopt;
  auto authority = parse_host(bracketed ? text.substr(1, end - 1) : text.substr(0, end), bracketed);
  if (!authority) return std::nullopt;
  std::string_view rest =
      end == std::string_view::npos ? std::string_view() : text.substr(bracketed ? end + 1 : end);
  if (rest.empty()) return authority;
  if (rest.front() != ':') return std::nullopt;
  rest.remove_prefix(1);
  if (rest.empty()) return authority;  // "host:" is allowed, and the same
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (error != std::errc() || stop != rest.data() + rest.size()) return std::nullopt;
  authority->port = port;
  return authority;
}

Authority without_default_port(Authority authority, std::string_view scheme) {
  constexpr std::uint16_t kHttp = 80, kHttps = 443;
  if ((scheme == "http" && authority.port == kHttp) ||
      (scheme == "https" && authority.port == kHttps))
    authority.port.reset();
  return authority;
}

std::optional<Origin> parse_origin(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  std::string scheme = lower_case(text.substr(0, colon));
  auto at = parse_authority(text.substr(colon + 3));
  if (!is_scheme(scheme) || !at) return std::nullopt;
  Authority plain = without_default_port(std::move(*at), scheme);
  return Origin{std::move(scheme), std::move(plain)};
}

}  // namespace sanctum::gateway
