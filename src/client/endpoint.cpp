#include "client/endpoint.h"

#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "client/local_key.h"
#include "client/running_servers.h"

namespace sanctum::client {
namespace {

bool readable(const std::string& path) {
  return ::access(path.c_str(), R_OK) == 0;
}

void require_file(const std::string& path, const char* field) {
  if (!path.empty() && !readable(path)) {
    throw Error(ErrorCode::kNotFound, "cannot read " + path + " (--" + field + ")", field);
  }
}

std::string if_readable(const std::string& path) {
  return readable(path) ? path : std::string();
}

std::optional<std::string> find_state_dir(const Environment& environment) {
  const auto state = environment("XDG_STATE_HOME");
  if (state && state->front() == '/') return *state + "/sanctum";
  const auto home = environment("HOME");
  if (!home) return std::nullopt;
  return *home + "/.local/state/sanctum";
}

std::string url_of(const RunningServer& server) {
  const Serving& serving = server.serving;
  if (serving.http.empty() && serving.mtls.empty())
    throw Error(ErrorCode::kUnavailable, "the server with the state directory " + server.state_dir +
                                             " is starting: it listens in a moment");
  return serving.http.empty() ? "https://" + serving.mtls : "http://" + serving.http;
}

void take_from_state(Endpoint& endpoint, const std::string& state_dir) {
  const std::string certs = state_dir + "/certs/";
  if (endpoint.authority.empty()) endpoint.authority = if_readable(certs + "ca.pem");
  if (endpoint.certificate.empty() && endpoint.key.empty()) {
    endpoint.certificate = if_readable(certs + "client.pem");
    endpoint.key = endpoint.certificate.empty() ? "" : if_readable(certs + "client.key");
  }
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::string normalized_url(std::string_view text) {
  std::string url(text);
  const auto refuse = [&](const std::string& why) -> Error {
    return Error(ErrorCode::kInvalid,
                 "'" + std::string(text) + "' is no server URL: " + why +
                     "; write it like http://127.0.0.1:1338",
                 "url");
  };
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos) {
    url = "http://" + url;
  } else if (const auto scheme = url.substr(0, scheme_end); scheme != "http" && scheme != "https") {
    throw refuse("its scheme must be http or https");
  }
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (url.size() > 3 && url.compare(url.size() - 3, 3, "/v1") == 0) url.resize(url.size() - 3);
  while (!url.empty() && url.back() == '/') url.pop_back();
  const auto host_begin = url.find("://") == std::string::npos ? url.size() : url.find("://") + 3;
  if (host_begin >= url.size()) throw refuse("it names no host");
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#') {
      throw refuse("it holds a character that does not belong there");
    }
  }
  return url;
}

std::string default_state_dir(const Environment& environment) {
  if (const auto directory = find_state_dir(environment)) return *directory;
  throw Error(ErrorCode::kInvalid,
              "there is no home for the state directory: HOME and XDG_STATE_HOME are not set; "
              "name one with --state-dir",
              "state_dir");
}

Endpoint resolve(const EndpointOptions& options, const Environment& environment) {
  const std::string told =
      !options.url.empty() ? options.url : environment("SANCTUM_URL").value_or(std::string());
  const auto ours = server_meant(options, environment);
  Endpoint endpoint;
  endpoint.url = !told.empty() ? normalized_url(told)
                 : ours        ? url_of(*ours)
                               : std::string(kDefaultUrl);
  endpoint.certificate = options.certificate;
  endpoint.key = options.key;
  endpoint.authority = options.authority;
  endpoint.bearer = !options.api_key.empty()
                        ? options.api_key
                        : environment("SANCTUM_API_KEY").value_or(std::string());
  require_file(endpoint.certificate, "cert");
  require_file(endpoint.key, "key");
  require_file(endpoint.authority, "cacert");
  const std::string state = ours                        ? ours->state_dir
                            : options.state_dir.empty() ? find_state_dir(environment).value_or("")
                                                        : options.state_dir;
  if (endpoint.tls()) {
    take_from_state(endpoint, state);
  } else if (endpoint.bearer.empty()) {
    const auto local = read_local_key(state);
    if (local && is_for(*local, endpoint.url)) endpoint.bearer = local->key;
  }
  if (endpoint.certificate.empty() != endpoint.key.empty()) {
    throw Error(ErrorCode::kInvalid, "a client certificate needs its key: give --cert and --key",
                endpoint.key.empty() ? "key" : "cert");
  }
  return endpoint;
}

}  // namespace sanctum::client
