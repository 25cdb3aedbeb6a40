// The words after `serve` in a form in which two that say the same are the same: as a service
// manager needs them, who has another working directory, and as an audit compares them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "settings/serve_config.h"

namespace sanctum::serve {

// In one order, each flag apart from its value, paths absolute from `directory`. Words that make no
// sense stay as they are.
std::vector<std::string> settled_arguments(const std::vector<std::string>& words,
                                           const std::string& directory);

// The same of a whole command; of one that runs no `serve`, nothing is changed.
std::vector<std::string> settled_command(const std::vector<std::string>& command,
                                         const std::string& directory);

// What `serve` would make of the words here and now. Throws Exit, and Error(kInvalid) for words
// that make no sense.
settings::ServeConfig resolve_words(const std::vector<std::string>& words);

// The variables of ours that say something here, with paths made absolute: those of `serve`, and
// where downloaded models are. A service manager's environment has none of them.
std::vector<std::pair<std::string, std::string>> variables_in_force();

}  // namespace sanctum::serve
