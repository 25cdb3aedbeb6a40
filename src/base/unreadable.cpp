#include "base/unreadable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_error.h"

namespace sanctum {

std::string why_unreadable(const std::string& path) {
  struct stat status{};
  int error = ::stat(path.c_str(), &status) == 0 ? 0 : errno;
  const bool directory = error == 0 && S_ISDIR(status.st_mode);
  if (directory || (error == 0 && S_ISREG(status.st_mode)))
    error = ::access(path.c_str(), directory ? R_OK | X_OK : R_OK) == 0 ? 0 : errno;
  if (error == 0 || error == ENOENT || error == ENOTDIR) return {};
  return "cannot open " + path + ": " + file_error_text(error);
}

}  // namespace sanctum
