// How long a request may take, whatever happens. Pure.
#pragma once

#include <chrono>
#include <string>

#include "gateway/http_headers.h"

namespace sanctum::gateway {

inline constexpr std::chrono::hours kRequestLimit{1};
// With seconds, "2.5": a client's own limit, where it is the shorter one.
inline constexpr const char* kDeadlineHeader = "X-Sanctum-Deadline";

// Throws Error(kInvalid) for a header that is no number above 0.
std::chrono::milliseconds request_limit(const HttpHeaders& headers);
// "2.5 s", for a person.
std::string in_seconds(std::chrono::milliseconds limit);

}  // namespace sanctum::gateway
