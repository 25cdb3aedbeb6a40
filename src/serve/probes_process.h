// The process of the probes: it outlives a gateway that hangs, and has it replaced.
#pragma once

#include "settings/serve_config.h"

namespace sanctum::serve {

// Probes the listeners of `config` until a signal, or until who holds the other end of `keeper` is
// gone. Writes lines to it: "beat" as long as its own threads get on, and "replace-gateway REASON".
// Returns the exit code. Throws Exit.
int run_probes(const settings::ServeConfig& config, int keeper);

}  // namespace sanctum::serve
