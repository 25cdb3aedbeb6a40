#include "gguf/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_error.h"

namespace sanctum::gguf {

FileSource::FileSource(std::string path)
    // Not to wait for whoever may write into a pipe.
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) fail("cannot open", errno);
  struct stat status{};
  const int error = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (error != 0 || !S_ISREG(status.st_mode)) ::close(descriptor_);
  if (error != 0) fail("cannot look at", error);
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorCode::kInvalid, path_ + " is not a regular file", "path");
  bytes_ = static_cast<std::uint64_t>(status.st_size);
}

FileSource::~FileSource() {
  ::close(descriptor_);
}

void FileSource::fail(const std::string& what, int error) const {
  throw Error(file_error_code(error), what + " " + path_ + ": " + file_error_text(error), "path");
}

void FileSource::read(std::uint64_t from, std::byte* to, std::size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, to, bytes, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", errno);
    if (got == 0)
      throw Error(ErrorCode::kCorrupt, path_ + " became shorter while it was read", "path");
    from += static_cast<std::uint64_t>(got);
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace sanctum::gguf
