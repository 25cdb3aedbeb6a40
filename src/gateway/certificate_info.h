// What the certificates in a directory say, and for how long they hold.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sanctum::gateway {

inline constexpr std::chrono::days kExpiresSoon{30};  // from then on everybody is told
inline constexpr std::chrono::days kExpiresNow{7};    // from then on it is something wrong
inline constexpr int kExpiresNowShare = 10;           // or from the last tenth of a shorter life on

struct CertificateInfo {
  std::string path;
  std::string subject;             // RFC 2253
  std::vector<std::string> names;  // that a server has: "localhost", "::1"
  std::chrono::sys_seconds begin, end;
  std::string sha256;   // fingerprint in hexadecimal
  std::string renewal;  // what to run for another
};
// Of one directory, and what makes another of each.
inline constexpr std::pair<const char*, const char*> kOwnCertificates[] = {
    {"ca.pem", "sanctum certs init --force"},
    {"server.pem", "sanctum certs server"},
    {"client.pem", "sanctum certs client"}};

// `renewal` as CertificateInfo's. Throws Error(kCorrupt) for what is no certificate.
CertificateInfo describe_certificate(const std::string& path, const std::string& renewal);
// The authority's, the server's, the client's and the devices'. Throws Error(kNotFound) when there
// are none, Error(kCorrupt) for one that is no certificate.
std::vector<CertificateInfo> describe_certificates(const std::string& directory);

// Has ended, or ends within kExpiresSoon.
bool expires_soon(const CertificateInfo& info, std::chrono::sys_seconds now);
// Has ended, or ends within kExpiresNow and its life's last tenth.
bool expires_now(const CertificateInfo& info, std::chrono::sys_seconds now);
// "valid until 2029-03-01 (824 days left)"; with what to run for one that expires soon.
std::string validity(const CertificateInfo& info, std::chrono::sys_seconds now);
// "2029-03-01"
std::string date(std::chrono::sys_seconds time);

std::chrono::sys_seconds now_in_seconds();

}  // namespace sanctum::gateway
