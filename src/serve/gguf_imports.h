// Makes the model directories of the GGUF files that are served, once, before anything is started.
//
// Whoever calls holds the state directory's lock.
#pragma once

#include <atomic>
#include <string>

#include "settings/serve_config.h"

namespace sanctum::serve {

// Those that are not there yet; says so in the log, with how far it is, and removes what was made
// of a file that has changed since, and what killed starts left. Nothing more once `cancelled`.
// Throws Exit naming the file.
void make_imports(const settings::ServeConfig& config, const std::atomic<bool>& cancelled);

// Why `config` cannot be served without a start of its own: a file that is not imported; empty for
// none.
std::string not_imported(const settings::ServeConfig& config);

}  // namespace sanctum::serve
