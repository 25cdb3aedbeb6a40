#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_error.h"

namespace sanctum {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  const int error = errno;
  throw Error(file_error_code(error), what + " " + path + ": " + file_error_text(error));
}

bool is_link(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

[[noreturn]] void fail_to_open(const std::string& path) {
  const int error = errno;
  if (error == ENOENT && is_link(path))
    throw Error(ErrorCode::kNotFound,
                "cannot open " + path + ": it is a link to a file that is not there");
  errno = error;
  fail("cannot open", path);
}

}  // namespace

std::string read_file(const std::string& path, std::uint64_t bytes_max) {
  // Not to wait for whoever may write into a pipe.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) fail_to_open(path);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) fail("cannot stat", path);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::kInvalid, path + " is not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > bytes_max) {
    throw Error(ErrorCode::kCorrupt, path + " has " + std::to_string(size) +
                                         " bytes, over the limit of " + std::to_string(bytes_max));
  }
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot read", path);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

std::optional<std::string> read_file_if_there(const std::string& path, std::uint64_t bytes_max) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
    return std::nullopt;
  return read_file(path, bytes_max);
}

void write_file_atomically(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string beside = path + ".tmp" + std::to_string(::getpid());
  {
    Descriptor fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (fd.get() < 0) fail("cannot create", beside);
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        ::unlink(beside.c_str());
        fail("cannot write", beside);
      }
      done += static_cast<std::size_t>(n);
    }
    if (::fsync(fd.get()) != 0) fail("cannot sync", beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    ::unlink(beside.c_str());
    fail("cannot replace", path);
  }
}

}  // namespace sanctum
