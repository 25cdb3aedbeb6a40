#include "base/read_only_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_error.h"

namespace sanctum {
namespace {

// POSIX's name of it, or Darwin's.
template <class Status>
std::int64_t written_unix_ns(const Status& status) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if constexpr (requires { status.st_mtim; })
    return status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
  else
    return status.st_mtimespec.tv_sec * kSecond + status.st_mtimespec.tv_nsec;
}

}  // namespace

ReadOnlyFile::ReadOnlyFile(std::string path, const std::string& kind, ErrorCode irregular)
    : path_(std::move(path)),
      name_(kind.empty() ? path_ : kind + " " + path_),
      // Not to wait for whoever may write into a pipe.
      descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) fail("cannot open", errno);
  struct stat status{};
  const int error = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (error != 0 || !S_ISREG(status.st_mode)) ::close(descriptor_);
  if (error != 0) fail("cannot look at", error);
  if (!S_ISREG(status.st_mode)) throw Error(irregular, name_ + " is not a regular file", "path");
  bytes_ = static_cast<std::uint64_t>(status.st_size);
  written_unix_ns_ = written_unix_ns(status);
}

ReadOnlyFile::~ReadOnlyFile() {
  ::close(descriptor_);
}

void ReadOnlyFile::fail(const std::string& what, int error) const {
  throw Error(file_error_code(error), what + " " + name_ + ": " + file_error_text(error), "path");
}

void ReadOnlyFile::damaged(const std::string& what) const {
  throw Error(ErrorCode::kCorrupt, name_ + " " + what, "path");
}

void ReadOnlyFile::expect_unchanged() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) fail("cannot look at", errno);
  if (static_cast<std::uint64_t>(status.st_size) == bytes_ &&
      written_unix_ns(status) == written_unix_ns_)
    return;
  damaged("was written to while it was read: begin again");
}

void ReadOnlyFile::read(std::uint64_t from, std::byte* to, std::size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, to, bytes, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", errno);
    if (got == 0) damaged("became shorter while it was read");
    from += static_cast<std::uint64_t>(got);
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace sanctum
