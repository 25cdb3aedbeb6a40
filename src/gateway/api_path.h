// The paths that clients write, and the one that each means.
#pragma once

#include <string>

namespace sanctum::gateway {

// Of a path without its query, before it is decoded (a slash that a client encoded is part of a
// name): no doubled slashes, none at its end, and "/v1" before those that OpenAI's clients leave it
// out of ("/chat/completions", "/models/x"). Others as they are. Pure.
std::string canonical_path(const std::string& told);

}  // namespace sanctum::gateway
