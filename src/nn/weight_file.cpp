#include "nn/weight_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace sanctum::nn {

WeightFile::WeightFile(std::string path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw Error(ErrorCode::kNotFound,
                "cannot open the weight file " + path_ + ": " + std::strerror(errno), "path");
  }
}

WeightFile::~WeightFile() {
  ::close(descriptor_);
}

void WeightFile::read(std::uint64_t from, std::byte* to, std::size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, to, bytes, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(ErrorCode::kCorrupt,
                  "the weight file " + path_ +
                      (got == 0 ? " became shorter while it was read"
                                : std::string(" cannot be read: ") + std::strerror(errno)),
                  "path");
    }
    from += static_cast<std::uint64_t>(got);
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace sanctum::nn
