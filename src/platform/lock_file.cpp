#include "platform/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace sanctum::platform {

LockFile::LockFile(const std::string& path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0)
    throw Error(ErrorCode::kUnavailable, "cannot open " + path + ": " + std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t n = ::pread(fd_, holder, sizeof holder - 1, 0);
    ::close(fd_);
    std::string pid(holder, n > 0 ? static_cast<std::size_t>(n) : 0);
    if (!pid.empty() && pid.back() == '\n') pid.pop_back();
    throw Error(ErrorCode::kBusy,
                path + " is held by process " + (pid.empty() ? "(unknown)" : pid));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0) {
    ::close(fd_);
    throw Error(ErrorCode::kUnavailable, "cannot write " + path + ": " + std::strerror(errno));
  }
}

std::optional<int> LockFile::holder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw Error(ErrorCode::kUnavailable, "cannot open " + path + ": " + std::strerror(errno));
  }
  const bool free = ::flock(fd, LOCK_SH | LOCK_NB) == 0;
  char text[32] = {};
  const ssize_t n = free ? 0 : ::pread(fd, text, sizeof text - 1, 0);
  ::close(fd);
  if (free) return std::nullopt;
  const int pid = n > 0 ? std::atoi(text) : 0;
  if (pid <= 0) throw Error(ErrorCode::kUnavailable, path + " does not say who holds it");
  return pid;
}

LockFile::~LockFile() {
  ::close(fd_);
}

}  // namespace sanctum::platform
