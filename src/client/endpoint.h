// Where a server is, and which certificates or which API key prove who we are.
//
// Contract: an Endpoint is complete and checked; everything a person may have left out (scheme,
// trailing slash, "/v1", certificates) has been filled in from the defaults. Values, no state.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sanctum::client {

inline constexpr std::string_view kDefaultUrl = "http://127.0.0.1:1338";

struct Endpoint {
  std::string url{};          // scheme://host[:port], without a trailing slash and without /v1
  std::string certificate{};  // PEM files; empty where none is used
  std::string key{};
  std::string authority{};
  std::string socket{};  // a Unix socket to connect to instead of the URL's host
  std::string probe{};   // the secret that tells a Sanctum server that we are its probe
  std::string bearer{};  // API key for servers that want one; empty for none
  bool trust = true;     // whom the authority and the name prove, alone; false: anybody
  bool tls() const { return url.rfind("https://", 0) == 0; }
};

// What a person gave on the command line; empty means not given.
struct EndpointOptions {
  std::string url;
  std::string certificate;
  std::string key;
  std::string authority;
  std::string state_dir;
  std::string api_key = {};
};

// Reads an environment variable; nothing when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const char*)>;
std::optional<std::string> process_environment(const char* name);

// "localhost:1338/v1/" -> "http://localhost:1338". Throws Error(kInvalid, field "url").
std::string normalized_url(std::string_view text);

// Where a server keeps its state unless it is told: $XDG_STATE_HOME/sanctum, where that is
// absolute, else ~/.local/state/sanctum. Throws Error(kInvalid) where neither is set.
std::string default_state_dir(const Environment& environment = process_environment);

// Options first, then SANCTUM_URL and SANCTUM_API_KEY. Without a URL it is the server of the state
// directory that was told, else the only one that runs (running_servers.h), else the default URL.
// With https, certificates that were not named come from <state_dir>/certs where such files exist;
// with http, an API key that was not given is the one that the server of <state_dir> made for us,
// if it is the server that the URL names. Throws Error(kInvalid) for a URL that is none, for a
// certificate without its key, and where several servers run; Error(kNotFound) for missing files;
// Error(kUnavailable) where a state directory was told, no URL was, and nothing serves there.
Endpoint resolve(const EndpointOptions& options, const Environment& environment);

}  // namespace sanctum::client
