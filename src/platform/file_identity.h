// Whether a path still leads to the file that it led to. Any thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace sanctum::platform {

struct FileIdentity {
  dev_t device = 0;
  ino_t number = 0;
  bool operator==(const FileIdentity&) const = default;
};
// Nothing for a path that leads nowhere. Links are not followed.
std::optional<FileIdentity> file_identity(const std::string& path);
// Removes the file if it is that one still; nobody removes what is not his own.
void remove_if_same(const std::string& path, const std::optional<FileIdentity>& identity);

}  // namespace sanctum::platform
