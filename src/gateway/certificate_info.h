// What a certificate says, and for how long it holds.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gateway/x509.h"

namespace sanctum::gateway {

inline constexpr std::chrono::days kExpiresSoon{30};  // from then on it is told, and a start renews
inline constexpr std::chrono::days kExpiresNow{7};    // from then on it is something wrong
inline constexpr int kExpiresNowShare = 10;           // or from the last tenth of a shorter life on

struct CertificateInfo {
  std::string path;
  std::string subject;             // RFC 2253
  std::vector<std::string> names;  // that a server has: "localhost", "::1"
  std::chrono::sys_seconds begin, end;
  std::string sha256;        // fingerprint in hexadecimal
  std::string advice;        // how to have another: own_certificates.h
  std::string problem = {};  // why it is of no use, whenever it ends; empty for nothing
};

// The first in the file. Throws Error(kCorrupt) for what is no certificate.
Certificate certificate_in(const std::string& path);
CertificateInfo describe_certificate(const std::string& path, X509* certificate,
                                     const std::string& advice);

// Has ended, or ends within kExpiresSoon.
bool expires_soon(const CertificateInfo& info, std::chrono::sys_seconds now);
// Has ended, or ends within kExpiresNow and its life's last tenth.
bool expires_now(const CertificateInfo& info, std::chrono::sys_seconds now);
// "valid until 2029-03-01 (824 days left)"; with what to do for one that expires soon; its
// problem instead.
std::string validity(const CertificateInfo& info, std::chrono::sys_seconds now);
// "2029-03-01"
std::string date(std::chrono::sys_seconds time);

std::chrono::sys_seconds now_in_seconds();

}  // namespace sanctum::gateway
