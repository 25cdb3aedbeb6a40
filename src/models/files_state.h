// Names the state of the files that a load reads (weights, *.json, *.jinja): their names, sizes and
// times of change, not what is in them. Who goes on with an answer that another process began has
// to read the same ones.
#pragma once

#include <string>

namespace sanctum::models {

// Hexadecimal. Files that cannot be looked at count as gone: whoever reads them says why. Any
// thread.
std::string files_state(const std::string& directory);

}  // namespace sanctum::models
