// How many of something there are, in words.
#pragma once

#include <string>

namespace sanctum {

// "1 file", "2 files".
inline std::string count_text(int count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

}  // namespace sanctum
