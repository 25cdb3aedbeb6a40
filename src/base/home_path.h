// `~` at the beginning of a path: no shell expands it behind a '=', in a file or in a chat.
#pragma once

#include <cstdlib>
#include <string>

namespace sanctum {

inline std::string home_expanded(const std::string& path) {
  const char* home = std::getenv("HOME");
  const bool of_home = path == "~" || path.rfind("~/", 0) == 0;
  return of_home && home != nullptr && *home != '\0' ? home + path.substr(1) : path;
}

}  // namespace sanctum
