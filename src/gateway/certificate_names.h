// The addresses and host names in a server's certificate. Pure, but for what OpenSSL allocates.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace sanctum::gateway {

// Of one certificate: a machine with many networks, over the years.
inline constexpr std::size_t kServerNamesMax = 64;

// A literal address or a host name.
bool is_nameable(const std::string& name);
// The one spelling of an address; a host name in lower case.
std::string canonical_name(const std::string& name);
// As OpenSSL's configuration writes it: what is checked here cannot say anything else. Throws
// Error(kInvalid, "name") for what is not nameable.
std::string alternative_name(const std::string& name);
// All of them, in that form.
std::string alternative_names(const std::vector<std::string>& names);

// As people write them: "localhost", "::1".
std::vector<std::string> names_in(X509* certificate);
// Whether a client that checks names takes the certificate for that one.
bool names(X509* certificate, const std::string& name);

}  // namespace sanctum::gateway
