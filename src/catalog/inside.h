// What other programs' directories hold: whether a path stays within one, links resolved, and the
// names in it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/unreadable.h"

namespace sanctum::catalog {

// False too for what is not there.
inline bool lies_inside(const std::filesystem::path& path, const std::filesystem::path& directory) {
  std::error_code inner_error, outer_error;
  const auto inner = std::filesystem::canonical(path, inner_error);
  const auto outer = std::filesystem::canonical(directory, outer_error);
  return !inner_error && !outer_error &&
         std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// Why `path` is not to be read as a part of `directory`, as `subject` ("its manifest"); empty: it
// is. `owner`: whose folder that is.
inline std::string why_not_inside(const std::string& subject, const std::filesystem::path& path,
                                  const std::filesystem::path& directory,
                                  const std::string& owner) {
  if (auto why = why_unreadable(path.string()); !why.empty()) return why;
  if (lies_inside(path, directory)) return {};
  std::error_code ignored;
  const bool leads_somewhere = std::filesystem::exists(path, ignored);
  return subject + " is a link out of " + owner + "'s folder" +
         (leads_somewhere ? "" : ", or one that leads nowhere");
}

// One part of a path that another program chose.
inline bool is_plain_part(const std::string& part) {
  return !part.empty() && part.size() <= 255 && part.front() != '.' &&
         part.find("..") == std::string::npos &&
         std::all_of(part.begin(), part.end(), [](unsigned char c) {
           return c >= ' ' && c != 0x7f && c != '/' && c != '\\';
         });
}

// Plain parts, `most` of them, in order.
inline std::vector<std::string> names_in(const std::filesystem::path& directory, std::size_t most) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator each(directory, error), end;
       !error && each != end && names.size() < most; each.increment(error))
    if (const auto name = each->path().filename().string(); is_plain_part(name))
      names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sanctum::catalog
