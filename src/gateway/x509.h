// Keys and certificates of our making, EC P-256: made, signed, written as PEM and read again.
//
// Every call but the reading ones throws Error(kInternal) where OpenSSL cannot do it: it lacks
// memory, or its input is wrong. Thread rule: any thread.
#pragma once

#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/openssl.h"

namespace sanctum::gateway {

using Certificate = std::unique_ptr<X509, openssl::Free<X509_free>>;

// Apple's systems take no server's certificate that is valid for more than 825 days, and ours
// begin an hour early.
inline constexpr int kCertificateDays = 820;
inline constexpr int kAuthorityDays = 3650;

// A certificate and its key.
struct Pair {
  Certificate certificate;
  openssl::Key key;
};

void openssl_must(bool fine, const char* what);
std::string text_of(BIO* memory);
std::string pem(X509* certificate);
std::string pem(EVP_PKEY* key);

openssl::Key new_key();
Pair new_authority(const std::string& name);
// Valid for kCertificateDays, or as long as the authority is. `names`: certificate_names.h.
Certificate certify_server(const std::string& name, EVP_PKEY* key, const Pair& authority,
                           const std::string& names);
Certificate certify_client(const std::string& name, EVP_PKEY* key, const Pair& authority);

// The file's first; null for what is not there, or is none.
Certificate read_certificate(const std::string& path);
// All of a file.
std::vector<Certificate> read_certificates(const std::string& path);
// NAME.pem and NAME.key; null for what is missing or does not belong together.
Pair read_pair(const std::string& directory, const std::string& name);

bool signed_by(X509* certificate, X509* authority);
std::string common_name(X509* certificate);
std::string subject_of(X509* certificate);  // RFC 2253: "CN=phone"
std::chrono::sys_seconds begin_of(X509* certificate);
std::chrono::sys_seconds end_of(X509* certificate);

}  // namespace sanctum::gateway
