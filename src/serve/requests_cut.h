// What the journal says of requests that an end or a restart cut: an incident that is over at once.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::serve {

inline constexpr const char* kRequestsCut = "requests.cut";

// Microseconds, as the journal counts.
std::int64_t unix_us_now();
// How many were cut since then, and why, for a person; empty for none, or where the journal cannot
// be read.
std::string requests_cut_since(const std::string& state_directory, std::int64_t unix_us);

}  // namespace sanctum::serve
