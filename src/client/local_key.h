// local_key.json of the state directory: the API key that a server makes for the commands of the
// user who runs it, and the address that it is for.
//
// Contract: a key is shown to nobody but the server that made it, as far as an address tells: the
// same port, and the same host, where all names of this machine's loopback are one. Values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sanctum::client {

struct LocalKey {
  std::string key;
  std::string http;  // "127.0.0.1:1338"; empty while nothing listens
};

// Nothing when there is none that can be read.
std::optional<LocalKey> read_local_key(const std::string& state_directory);
// For its owner alone. Throws Error.
void write_local_key(const std::string& state_directory, const LocalKey& key);
bool is_for(const LocalKey& key, std::string_view url);

}  // namespace sanctum::client
