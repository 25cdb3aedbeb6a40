// Whether a path stays within a directory, links resolved.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

namespace sanctum::catalog {

// False too for what is not there.
inline bool lies_inside(const std::filesystem::path& path, const std::filesystem::path& directory) {
  std::error_code inner_error, outer_error;
  const auto inner = std::filesystem::canonical(path, inner_error);
  const auto outer = std::filesystem::canonical(directory, outer_error);
  return !inner_error && !outer_error &&
         std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// One part of a path that another program chose.
inline bool is_plain_part(const std::string& part) {
  return !part.empty() && part.size() <= 255 && part.front() != '.' &&
         part.find("..") == std::string::npos &&
         std::all_of(part.begin(), part.end(), [](unsigned char c) {
           return c >= ' ' && c != 0x7f && c != '/' && c != '\\';
         });
}

}  // namespace sanctum::catalog
