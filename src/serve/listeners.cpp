#include "serve/listeners.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "gateway/certificate_names.h"
#include "gateway/certificates.h"
#include "platform/descriptors.h"
#include "platform/network_names.h"
#include "platform/port.h"
#include "platform/port_owner.h"

namespace sanctum::serve {
namespace {

constexpr std::size_t kDescriptorsReserved = 128;  // for all that is no connection

// By what clients reach a listener at this address.
std::vector<std::string> names_at(const gateway::Address& address) {
  if (address.host == "0.0.0.0") return platform::network_names(false);
  if (address.host == "::") return platform::network_names(true);
  return {address.host};
}

void tell_writing(const gateway::CertificatesReady& ready, const std::string& directory) {
  if (ready.made) log::info("certificates_made", {{"directory", directory}});
  for (const auto& name : ready.added) log::info("server_certificate_names", {{"added", name}});
  for (const auto& name : ready.dropped) log::info("server_certificate_names", {{"dropped", name}});
  for (const auto& why : ready.troubles)
    log::warn("certificates_not_written",
              {{"reason", why}, {"advice", "what is there is used as it is; mend it and restart"}});
}

void tell_expiry(const gateway::CertificatesReady& ready) {
  for (const auto& info : ready.renewed)
    log::info("certificate_renewed", {{"file", info.path}, {"until", gateway::date(info.end)}});
  for (const auto& info : ready.expiring)
    log::warn(
        "certificate_expires",
        {{"file", info.path}, {"validity", gateway::validity(info, gateway::now_in_seconds())}});
}

std::optional<gateway::TlsFiles> made_ready(const std::string& listen,
                                            const std::string& directory) {
  const auto address = gateway::parse_address(listen, "--mtls-listen");
  auto names = names_at(address);
  // A host name may hold what no certificate can.
  std::erase_if(names, [](const std::string& name) {
    return !gateway::is_nameable(name.substr(0, name.find('%')));
  });
  const auto ready = gateway::ready_certificates(directory, names, platform::is_own_name);
  tell_writing(ready, directory);
  for (const auto& name : ready.lacking) {
    log::warn("server_certificate_lacks",
              {{"name", name},
               {"advice",
                "clients that check names refuse it there: have it made anew with that "
                "name, or let `sanctum certs init --force` replace all certificates"}});
  }
  tell_expiry(ready);
  return gateway::TlsFiles{directory + "/ca.pem", directory + "/server.pem",
                           directory + "/server.key"};
}

// What to do about an address that cannot be had.
std::string advice(const gateway::Address& address, const std::string& flag) {
  const std::string another = "choose another with " + flag;
  const auto owner = address.port == 0 ? std::nullopt : platform::port_owner(address.port);
  if (!owner || owner->pid == ::getpid()) return "; " + another;
  return "; process " + std::to_string(owner->pid) + " (" + owner->program +
         ") has the port: end it" +
         (owner->program == "sanctum" ? " (`sanctum stop`, with its --state-dir)" : "") + ", or " +
         another;
}

void check_address(const std::string& text, const std::string& field) {
  if (text == "off") return;
  const auto address = or_exit(kExitUsage, [&] { return gateway::parse_address(text, field); });
  const int error = platform::listen_error(address.host, address.port);
  const std::string what =
      error == EADDRINUSE ? advice(address, field)
      : error == EADDRNOTAVAIL
          ? "; this machine has no such address: " + field + " 0.0.0.0:PORT takes all it has"
      : error == EACCES ? "; ports below 1024 are the system's"
                        : "";
  if (!what.empty())
    throw Exit{kExitAddress,
               "cannot listen on " + to_string(address) + ": " + std::strerror(error) + what};
}

std::string listen_at(gateway::Server& server, const std::string& text, const std::string& field,
                      const char* scheme, const std::optional<gateway::TlsFiles>& tls) {
  if (text == "off") return {};
  const auto address = or_exit(kExitUsage, [&] { return gateway::parse_address(text, field); });
  const auto bound = or_exit(kExitAddress, [&] {
    try {
      return server.listen(address, tls);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCorrupt) throw Exit{kExitFailure, error.what()};
      if (error.code() != ErrorCode::kUnavailable) throw;
      const bool busy = std::string(error.what()).ends_with(std::strerror(EADDRINUSE));
      throw Error(error.code(), error.what() + (busy ? advice(address, field) : ""), field);
    }
  });
  if (!tls && !gateway::is_loopback(address)) {
    log::warn(
        "plain_http_beyond_this_machine",
        {{"address", to_string(bound)},
         {"who", "whoever reaches it may use it until there is a key: sanctum keys add NAME"}});
  }
  return std::string(scheme) + to_string(bound);
}

}  // namespace

std::optional<gateway::TlsFiles> tls_files(const settings::ServeConfig& config,
                                           const std::string& directory) {
  if (config.mtls_listen == "off") return std::nullopt;
  return or_exit(kExitFailure, [&] { return made_ready(config.mtls_listen, directory); });
}

void check_addresses(const settings::ServeConfig& config) {
  check_address(config.listen, "--listen");
  check_address(config.mtls_listen, "--mtls-listen");
}

gateway::ConnectionLimits connection_limits() {
  gateway::ConnectionLimits limits;
  const std::size_t others = kDescriptorsReserved + limits.reserved;
  const std::size_t descriptors = platform::raise_descriptor_limit(limits.connections + others);
  if (descriptors < limits.connections + others) {
    limits.connections = descriptors > 2 * others ? descriptors - others : descriptors / 2;
    log::warn("few_descriptors", {{"limit", descriptors}, {"connections", limits.connections}});
  }
  return limits;
}

gateway::ListenUrls listen(gateway::Server& server, const settings::ServeConfig& config,
                           const std::optional<gateway::TlsFiles>& tls) {
  gateway::ListenUrls urls;
  urls.plain = listen_at(server, config.listen, "--listen", "http://", std::nullopt);
  urls.mtls = listen_at(server, config.mtls_listen, "--mtls-listen", "https://", tls);
  return urls;
}

std::string without_scheme(const std::string& url) {
  const std::size_t at = url.find("://");
  return at == std::string::npos ? url : url.substr(at + 3);
}

void Listening::are(gateway::ListenUrls urls) {
  const std::lock_guard lock(mutex_);
  urls_ = std::move(urls);
}

gateway::ListenUrls Listening::urls() const {
  const std::lock_guard lock(mutex_);
  return urls_;
}

}  // namespace sanctum::serve
