// The gateway's listeners as they are configured: plain HTTP and mutual TLS.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "gateway/server.h"
#include "gateway/services.h"
#include "settings/serve_config.h"

namespace sanctum::serve {

// The files for mutual TLS in `directory`, made or completed where need be; nothing where it is
// off. Throws Exit.
std::optional<gateway::TlsFiles> tls_files(const settings::ServeConfig& config,
                                           const std::string& directory);

// Throws Exit for an address that somebody has already, naming who, and the flag.
void check_addresses(const settings::ServeConfig& config);

// Raises this process's limit of descriptors to what they take, or takes fewer.
gateway::ConnectionLimits connection_limits();

// Where the server listens from here on. Throws Exit.
gateway::ListenUrls listen(gateway::Server& server, const settings::ServeConfig& config,
                           const std::optional<gateway::TlsFiles>& tls);

// "http://127.0.0.1:1" -> "127.0.0.1:1".
std::string without_scheme(const std::string& url);

// Requests come before all listeners are there. Thread rule: any thread.
class Listening {
 public:
  void are(gateway::ListenUrls urls);
  gateway::ListenUrls urls() const;

 private:
  mutable std::mutex mutex_;  // guards the next
  gateway::ListenUrls urls_;
};

}  // namespace sanctum::serve
