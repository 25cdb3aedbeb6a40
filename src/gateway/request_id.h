// Names for requests, unique in this process's life and unlikely to meet another's.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::gateway {

std::string new_request_id();  // 24 hexadecimal digits
std::uint64_t random_seed();   // below 2^63, so that every client can repeat it

}  // namespace sanctum::gateway
