#include "hub/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/file_error.h"

namespace sanctum::hub {
namespace {

constexpr mode_t kByUmask = 0666;

}  // namespace

PartialFile::PartialFile(std::string path, std::string blob, std::uint64_t bytes,
                         const std::function<bool()>& cancelled)
    : path_(std::move(path)),
      blob_(std::move(blob)),
      bytes_(bytes),
      file_{::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND | O_NOFOLLOW | O_NONBLOCK,
                   kByUmask)},
      hash_(hash_kind(blob_), bytes) {
  if (file_.fd < 0 && errno == ELOOP) refuse("a link");
  if (file_.fd < 0) fail("cannot open", errno);
  struct stat status{};
  if (::fstat(file_.fd, &status) != 0) fail("cannot look at", errno);
  if (!S_ISREG(status.st_mode)) refuse("no regular file");
  const auto there = static_cast<std::uint64_t>(status.st_size);
  if (there > bytes_) {
    empty();
    return;
  }
  if (!add_file(hash_, path_, there, [&](std::uint64_t) { return !cancelled(); }))
    throw Error(ErrorCode::kCancelled, "stopped");
  size_ = there;
}

PartialFile::Descriptor::~Descriptor() {
  if (fd >= 0) ::close(fd);
}

void PartialFile::refuse(const std::string& what) const {
  throw Error(ErrorCode::kUnavailable,
              path_ + " is " + what + ", which is not written to; remove it first");
}

void PartialFile::fail(const std::string& what, int error) const {
  throw Error(ErrorCode::kUnavailable, what + " " + path_ + ": " + file_error_text(error));
}

void PartialFile::add(std::string_view bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(file_.fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot write", errno);
    hash_.add(bytes.substr(done, static_cast<std::size_t>(count)));
    done += static_cast<std::size_t>(count);
    size_ += static_cast<std::uint64_t>(count);
  }
}

void PartialFile::empty() {
  if (::ftruncate(file_.fd, 0) != 0) fail("cannot empty", errno);
  size_ = 0;
  hash_ = ContentHash(hash_kind(blob_), bytes_);
}

bool PartialFile::is_right() {
  return is_whole() && (hash_kind(blob_) == HashKind::kNone || hash_.take() == blob_);
}

void PartialFile::becomes(const std::string& path) {
  if (::fsync(file_.fd) != 0) fail("cannot write", errno);
  if (::rename(path_.c_str(), path.c_str()) != 0) fail("cannot rename", errno);
}

}  // namespace sanctum::hub
