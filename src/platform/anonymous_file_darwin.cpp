#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "platform/anonymous_file.h"

namespace sanctum::platform {

int open_anonymous_file() {
  static std::atomic<unsigned> count{0};
  char name[32];  // macOS allows 31 characters
  std::snprintf(name, sizeof name, "/sanctum.%d.%u", static_cast<int>(::getpid()), count++);
  const int descriptor = ::shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (descriptor < 0) return -1;
  ::shm_unlink(name);
  if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace sanctum::platform
