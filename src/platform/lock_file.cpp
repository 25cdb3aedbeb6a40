#include "platform/lock_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "platform/process.h"

namespace sanctum::platform {
namespace {

constexpr std::size_t kNamesBytesMax = 256;
// Between taking the lock and naming oneself, and between two keepers' names.
constexpr std::chrono::milliseconds kNamedWithin{200};
constexpr std::chrono::milliseconds kLookEvery{5};

// Of the open file, not of the process (F_OFD_*): it is inherited, and no close() of another
// descriptor of the same file drops it.
struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool is_held(int fd, const std::string& path) {
  struct flock lock = whole_file();
  if (::fcntl(fd, F_OFD_GETLK, &lock) != 0)
    throw Error(ErrorCode::kUnavailable,
                "cannot look at the lock " + path + ": " + std::strerror(errno));
  return lock.l_type != F_UNLCK;
}

std::optional<int> named_and_living(int fd) {
  char text[kNamesBytesMax + 1] = {};
  if (::pread(fd, text, kNamesBytesMax, 0) <= 0) return std::nullopt;
  std::istringstream names(text);
  for (int pid = 0; names >> pid;) {
    if (is_running(pid)) return pid;
  }
  return std::nullopt;
}

std::optional<int> named_within(int fd, std::chrono::milliseconds limit) {
  const Instant deadline = Clock::now() + limit;
  auto found = named_and_living(fd);
  while (!found && Clock::now() < deadline) {
    std::this_thread::sleep_for(kLookEvery);
    found = named_and_living(fd);
  }
  return found;
}

}  // namespace

LockFile::LockFile(const std::string& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)) {
  if (fd_ < 0)
    throw Error(ErrorCode::kUnavailable, "cannot open " + path + ": " + std::strerror(errno));
  if (struct stat status{}; ::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd_);
    throw Error(ErrorCode::kUnavailable, path + " is no regular file, so it is no lock; remove it");
  }
  struct flock lock = whole_file();
  if (::fcntl(fd_, F_OFD_SETLK, &lock) == 0) {
    struct stat status{};
    was_held_ = ::fstat(fd_, &status) == 0 && status.st_size > 0;
    name({static_cast<int>(::getpid())});
    return;
  }
  const int error = errno;
  const bool busy = error == EAGAIN || error == EACCES;
  const auto holder = busy ? named_within(fd_, kNamedWithin) : std::nullopt;
  ::close(fd_);
  if (!busy)
    throw Error(ErrorCode::kUnavailable, "cannot lock " + path + ": " + std::strerror(error));
  throw Error(ErrorCode::kBusy,
              path + " is held by process " + (holder ? std::to_string(*holder) : "(unknown)"));
}

LockFile::LockFile(int descriptor) : fd_(descriptor) {
  struct stat status{};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode) ||
      ::fcntl(fd_, F_SETFD, FD_CLOEXEC) != 0)
    throw Error(ErrorCode::kInvalid, "no lock was handed down");
}

LockFile::~LockFile() {
  ::close(fd_);
}

bool LockFile::is_at(const std::string& path) const {
  struct stat mine{}, there{};
  return ::fstat(fd_, &mine) == 0 && ::stat(path.c_str(), &there) == 0 &&
         mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

void LockFile::name(const std::vector<int>& holders) {
  std::string text;
  for (const int pid : holders) text += std::to_string(pid) + "\n";
  // What a longer text leaves behind for a moment are former names.
  if (::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
      [[maybe_unused]]
    const int cut = ::ftruncate(fd_, static_cast<off_t>(text.size()));
}

std::optional<int> LockFile::holder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw Error(ErrorCode::kUnavailable, "cannot open " + path + ": " + std::strerror(errno));
  }
  struct Closed {
    ~Closed() { ::close(fd); }
    int fd;
  } const closed{fd};
  if (!is_held(fd, path)) return std::nullopt;
  if (const auto holder = named_within(fd, kNamedWithin)) return holder;
  if (!is_held(fd, path)) return std::nullopt;
  throw Error(ErrorCode::kUnavailable, path + " does not say who holds it");
}

}  // namespace sanctum::platform
