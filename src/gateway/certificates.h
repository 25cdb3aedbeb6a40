// A private certificate authority for mutual TLS on one machine.
//
// ca.pem/ca.key, server.pem/server.key (localhost, 127.0.0.1, ::1) and client.pem/client.key, EC
// P-256, each file mode 0600 in a directory of mode 0700.
#pragma once

#include <string>
#include <vector>

namespace sanctum::gateway {

inline constexpr int kCertificateDays = 825;

// True when everything that serving needs is there.
bool have_certificates(const std::string& directory);
// Makes all files. Throws Error(kInvalid) when any is there already and `force` is not set.
void make_certificates(const std::string& directory, bool force);

struct CertificateInfo {
  std::string path;
  std::string subject;
  std::string not_after;
  std::string sha256;  // fingerprint in hexadecimal
  bool expired = false;
};
// The certificates in the directory; throws Error(kNotFound) when there are none.
std::vector<CertificateInfo> describe_certificates(const std::string& directory);

}  // namespace sanctum::gateway
