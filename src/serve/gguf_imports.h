// Makes the model directories of the GGUF files that are served, once, before anything is started.
//
// Whoever calls holds the state directory's lock.
#pragma once

#include <atomic>
#include <string>

#include "settings/serve_config.h"

namespace sanctum::serve {

// Where they lie.
std::string imports_of(const settings::ServeConfig& config);

// Before anything is checked: what killed starts left is removed, and what was made of a file under
// another name has its place. What cannot be is told in the log.
void settle_imports(const settings::ServeConfig& config);

// Those that are not there yet; says so in the log, with how far it is. What was made of a file
// that has changed since is removed first. Nothing more once `cancelled`. Throws Exit naming the
// file.
void make_imports(const settings::ServeConfig& config, const std::atomic<bool>& cancelled);

// Why `config` cannot be served without a start of its own: a file that is not imported; empty for
// none.
std::string not_imported(const settings::ServeConfig& config);

}  // namespace sanctum::serve
