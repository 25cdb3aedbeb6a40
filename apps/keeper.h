// The first process of `sanctum serve`: it holds the state directory's lock, starts the gateway's
// process and the probes', starts them again when they are ended by a signal, or hang, and ends
// with the gateway when that ends by itself.
#pragma once

#include <string>
#include <vector>

#include "apps/serve_config.h"

namespace sanctum {

// `arguments`: those after `serve` on the command line, for the gateway's process. Returns the exit
// code. Throws Exit.
int keep(const ServeConfig& config, const std::vector<std::string>& arguments);

}  // namespace sanctum
