// The process that answers clients and keeps an engine: the work of `sanctum serve`.
#pragma once

#include "apps/serve_config.h"

namespace sanctum {

// Serves until a signal, or until who holds the other end of `keeper` is gone; returns the exit
// code. Writes lines to `keeper`: "listening HTTP MTLS" with the addresses in force ("off" for
// none) and "ready URL..." once a model can be asked. Throws Exit.
int run_gateway(const ServeConfig& config, int keeper);

}  // namespace sanctum
