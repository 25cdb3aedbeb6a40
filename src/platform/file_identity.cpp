#include "platform/file_identity.h"

#include <sys/stat.h>
#include <unistd.h>

namespace sanctum::platform {

std::optional<FileIdentity> file_identity(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

void remove_if_same(const std::string& path, const std::optional<FileIdentity>& identity) {
  if (identity && file_identity(path) == identity) ::unlink(path.c_str());
}

}  // namespace sanctum::platform
