// The process that answers clients and keeps an engine: the work of `sanctum serve`.
#pragma once

#include "apps/serve_config.h"

namespace sanctum {

// Serves until a signal, or until who holds the other end of `keeper` is gone; returns the exit
// code. Writes lines to `keeper`: "listening HTTP MTLS" with the addresses in force ("off" for
// none), "engine PID" for each engine and "fallback PID" for a fallback that it started, 0 when it
// has gone, and "ready URL..." once a model can be asked. Holds the
// state directory's lock that was handed down to it, and so does each engine. Throws Exit.
int run_gateway(const ServeConfig& config, int keeper);

}  // namespace sanctum
