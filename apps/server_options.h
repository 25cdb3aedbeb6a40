// The options that every subcommand takes that talks to a server.
#pragma once

#include "client/endpoint.h"

namespace CLI {
class App;
}

namespace sanctum {

// --url, --cert, --key, --cacert, --api-key, --state-dir.
void add_server_options(CLI::App& command, client::EndpointOptions& options);

}  // namespace sanctum
