// Secrets of this server, each a file of the state directory that only its owner reads.
#pragma once

#include <string>

namespace sanctum::serve {

// What tells the gateway that a request is its own probe's.
inline constexpr const char* kProbeSecret = "probe.secret";
// What seals the texts that clients carry for us (gateway/seal.h).
inline constexpr const char* kSealSecret = "seal.secret";

// Makes it when there is none. Throws Error.
std::string state_secret(const std::string& state_directory, const char* file);

}  // namespace sanctum::serve
