#include "hub/blob_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/file_error.h"

namespace sanctum::hub {
namespace {

constexpr std::chrono::milliseconds kAskEvery{100};
constexpr mode_t kForAGroup = 0664;  // as huggingface_hub makes them

}  // namespace

BlobLock::BlobLock(const std::string& path, const std::function<void()>& waiting,
                   const std::function<bool()>& cancelled)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                 kForAGroup)) {
  if (fd_ < 0) {
    const int error = errno;
    throw Error(ErrorCode::kUnavailable, "cannot open " + path + ": " + file_error_text(error));
  }
  for (bool told = false; ::flock(fd_, LOCK_EX | LOCK_NB) != 0;) {
    if (errno != EWOULDBLOCK && errno != EINTR) return;
    if (cancelled()) {
      ::close(fd_);
      throw Error(ErrorCode::kCancelled, "stopped");
    }
    if (!told) waiting();
    told = true;
    std::this_thread::sleep_for(kAskEvery);
  }
}

BlobLock::~BlobLock() {
  ::close(fd_);
}

}  // namespace sanctum::hub
