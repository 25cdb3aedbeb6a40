#include "catalog/outline_place.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "base/file_error.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBegin = "sanctum-outline-";
constexpr std::time_t kLockedWithinS = 60;  // of being made
constexpr std::size_t kLookedAtMax = 100'000;

// -1 where it cannot be had, which is no reason not to look into a model.
int locked(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0 || ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

// One of ours that was made a while ago.
bool may_be_abandoned(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && status.st_mtime + kLockedWithinS < std::time(nullptr);
}

void remove_abandoned(const std::string& directory) {
  std::error_code error, ignored;
  std::size_t looked_at = 0;
  for (fs::directory_iterator each(directory, error), end;
       !error && each != end && ++looked_at < kLookedAtMax; each.increment(error)) {
    const std::string path = each->path().string();
    if (!each->path().filename().string().starts_with(kBegin) || !may_be_abandoned(path)) continue;
    const int lock = locked(path);
    if (lock < 0) continue;
    fs::remove_all(path, ignored);
    ::close(lock);
  }
}

}  // namespace

std::vector<std::string> temporary_directories() {
  std::vector<std::string> all;
  std::error_code error;
  if (const auto told = fs::temp_directory_path(error); !error) all.push_back(told.string());
  for (const char* usual : {"/tmp", "/var/tmp"})
    if (std::find(all.begin(), all.end(), usual) == all.end()) all.emplace_back(usual);
  return all;
}

OutlinePlace::OutlinePlace(const std::string& directory)
    : path_((fs::path(directory) / (std::string(kBegin) + "XXXXXX")).string()) {
  remove_abandoned(directory);
  if (::mkdtemp(path_.data()) == nullptr)
    throw Error(ErrorCode::kUnavailable, "cannot make " + path_ + ": " + file_error_text(errno));
  lock_ = locked(path_);
}

OutlinePlace::~OutlinePlace() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace sanctum::catalog
