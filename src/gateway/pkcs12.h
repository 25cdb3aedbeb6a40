// One file with a certificate, its key and its authority, as browsers and phones import them.
#pragma once

#include <string>

#include "gateway/x509.h"

namespace sanctum::gateway {

// 99 random bits in groups that can be read out and typed: "k3m7p-..."; no two letters look alike.
std::string new_pass_phrase();

// `label`: under which a keychain lists it. Throws Error(kInternal).
std::string pkcs12(const std::string& label, const Pair& client, X509* authority,
                   const std::string& pass_phrase);

}  // namespace sanctum::gateway
