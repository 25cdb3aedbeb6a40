// Paths as people write them: from the home directory (`~/x`), or relative to where they stand.
#pragma once

#include <string>

namespace sanctum::settings {

// Absolute. Empty stays empty, and "state/" is "state".
std::string path_from(const std::string& directory, const std::string& path);
// [NAME=]MODEL: a directory or a file becomes absolute; org/name and other words stay as they are.
std::string model_from(const std::string& directory, const std::string& told);
// Why what is of this name cannot be served with: parts of a server tell each other paths in JSON,
// which has UTF-8 alone. Fit for a terminal; empty for nothing.
std::string why_not_handed_on(const std::string& path);

}  // namespace sanctum::settings
