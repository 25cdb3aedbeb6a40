// What `serve` is told, read once, checked, and handed to its parts as one value.
//
// Invariants of what `resolve` returns: paths are absolute, addresses and times make sense, models
// are found. A part never looks at flags, variables or the file again, so that a crash in the
// middle of somebody's editing starts what ran.
#pragma once

#include <string>
#include <vector>

#include "settings/serve_config.h"
#include "settings/serve_options.h"

namespace sanctum::settings {

// Reads the file of --config as it is now. `arguments`: those after `serve`. Throws Exit with the
// code that `serve` ends with.
ServeConfig resolve(const ServeOptions& options, const std::vector<std::string>& arguments);

// As a TOML file that says the same, each line with where its value came from.
std::string explain(const ServeOptions& options, const ServeConfig& resolved);

}  // namespace sanctum::settings
