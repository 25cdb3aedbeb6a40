// What tells the gateway that a request is its own probe's: a file of the state directory that only
// its owner reads.
#pragma once

#include <string>

namespace sanctum::serve {

// Makes it when there is none. Throws Error.
std::string probe_secret(const std::string& state_directory);

}  // namespace sanctum::serve
