#include "base/file_hash.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"

namespace sanctum {
namespace {

constexpr std::size_t kPieceBytes = 4u << 20;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  // Negative where it cannot be read.
  ssize_t read(std::vector<char>& into) const {
    ssize_t count = -1;
    do {
      count = ::read(fd_, into.data(), into.size());
    } while (count < 0 && errno == EINTR);
    return count;
  }

 private:
  int fd_;
};

}  // namespace

std::optional<FileHash> hash_file(const std::string& path,
                                  const std::function<bool(std::uint64_t bytes)>& go_on) {
  const Descriptor descriptor(path);
  std::vector<char> piece(kPieceBytes);
  Sha256Hash hash;
  FileHash out;
  while (true) {
    const ssize_t count = descriptor.read(piece);
    if (count < 0) throw Error(ErrorCode::kNotFound, "cannot read " + path);
    if (count == 0) break;
    hash.add({piece.data(), static_cast<std::size_t>(count)});
    out.bytes += static_cast<std::uint64_t>(count);
    if (!go_on(out.bytes)) return std::nullopt;
  }
  out.sha256 = to_hex(hash.take());
  return out;
}

FileHash hash_file(const std::string& path) {
  return *hash_file(path, [](std::uint64_t) { return true; });
}

}  // namespace sanctum
