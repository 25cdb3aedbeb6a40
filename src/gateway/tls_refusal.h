// Why a TLS handshake with a client came to nothing, and what to do about it, in words for the log.
// Pure.
#pragma once

#include <string>

namespace sanctum::gateway {

// `error`: of OpenSSL's queue; `verified`: what became of the client's certificate, X509_V_OK where
// none was shown. What clients send cannot get into the words.
std::string tls_refusal(unsigned long error, long verified);

}  // namespace sanctum::gateway
