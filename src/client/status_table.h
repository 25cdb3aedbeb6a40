// A server's state as text and as JSON.
#pragma once

#include <string>

#include "client/server_status.h"

namespace sanctum::client {

// A short table, ending in a line feed. What a server does not tell is left out.
std::string status_table(const ServerStatus& status);
// {"url","readiness","reason","models":[],"status":{}}: readiness is ready, up or unreachable;
// status is the body of /status, or null.
std::string status_json(const ServerStatus& status);

}  // namespace sanctum::client
