#include "client/local_key.h"

#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace sanctum::client {
namespace {

constexpr std::uint64_t kBytesMax = 4096;
constexpr unsigned kOwnerOnly = 0600;

std::string path_in(const std::string& state_directory) {
  return state_directory + "/local_key.json";
}

// (host, port) of "host:port".
std::pair<std::string_view, std::string_view> parts(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return {address, {}};
  return {address.substr(0, colon), address.substr(colon + 1)};
}

bool is_loopback(std::string_view host) {
  const bool digits = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (digits && host.starts_with("127."));
}

}  // namespace

std::optional<LocalKey> read_local_key(const std::string& state_directory) {
  try {
    const json::Document document(read_file(path_in(state_directory), kBytesMax));
    return LocalKey{document.root().at("key").as_string(), document.root().at("http").as_string()};
  } catch (const Error&) {
    return std::nullopt;
  }
}

void write_local_key(const std::string& state_directory, const LocalKey& key) {
  json::Writer w;
  w.begin_object().field("key", key.key).field("http", key.http).end_object();
  write_file_atomically(path_in(state_directory), w.take() + "\n", kOwnerOnly);
}

bool is_for(const LocalKey& key, std::string_view url) {
  constexpr std::string_view kPlain = "http://";
  if (key.http.empty() || !url.starts_with(kPlain)) return false;
  const std::string_view authority = url.substr(kPlain.size());
  const auto [host, port] = parts(authority.substr(0, authority.find('/')));
  const auto [own, own_port] = parts(key.http);
  if (port != own_port) return false;
  const bool everywhere = own == "0.0.0.0" || own == "[::]";
  return host == own || (is_loopback(host) && (is_loopback(own) || everywhere));
}

}  // namespace sanctum::client
