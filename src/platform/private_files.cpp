#include "platform/private_files.h"

#include <sys/stat.h>

#include <filesystem>

namespace sanctum::platform {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

// Whether nothing is left to do.
bool is_private(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) return true;
  if ((status.st_mode & kOthers) == 0) return true;
  return ::chmod(path.c_str(), status.st_mode & S_IRWXU) == 0;
}

}  // namespace

void make_files_private() {
  ::umask(kOthers);
}

std::string make_private(const std::string& directory) {
  std::string left = is_private(directory) ? "" : directory;
  std::error_code error;
  for (fs::recursive_directory_iterator each(directory, error), end; !error && each != end;
       each.increment(error)) {
    if (!is_private(each->path()) && left.empty()) left = each->path().string();
  }
  return left;
}

}  // namespace sanctum::platform
