// The first process of `sanctum serve`: it holds the state directory's lock, which it hands down to
// all that it starts, starts the gateway's process and the probes', starts them again when they are
// ended by a signal, or hang, and ends with the gateway when that ends by itself.
#pragma once

#include <functional>

#include "settings/serve_config.h"

namespace sanctum::serve {

// `config` is what every start uses, but for a planned one, which looks again: `resolve` says what
// flags, variables and the file say by then, or throws Exit. Returns the exit code. Throws Exit.
int keep(const settings::ServeConfig& config,
         const std::function<settings::ServeConfig()>& resolve);

}  // namespace sanctum::serve
