// What `serve` is told, read once, checked, and handed to its parts as one value.
//
// Invariants of what `resolve` returns: paths are absolute, addresses and times make sense, models
// are found. A part never looks at flags, variables or the file again, so that a crash in the
// middle of somebody's editing starts what ran.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/serve_config.h"
#include "apps/serve_options.h"
#include "platform/shared_page.h"

namespace sanctum {

// `told`: what flags and variables said. Reads the file of --config as it is now. Throws Exit with
// the code that `serve` ends with.
ServeConfig resolve(const ServeOptions& options, const ServeConfig& told,
                    const std::vector<std::string>& arguments);

// As a TOML file that says the same, each line with where its value came from.
std::string as_toml(const ServeOptions& options, const ServeConfig& resolved);

// The value as one document.
std::string encode(const ServeConfig& config);
// Throws Error(kInvalid).
ServeConfig decode_config(const std::string& document);

// A descriptor's worth of the document, for a process that is started with it; and there.
std::unique_ptr<platform::SharedPage> hand_down(const ServeConfig& config);
// Throws Error(kInvalid).
ServeConfig handed_down(int descriptor);

}  // namespace sanctum
