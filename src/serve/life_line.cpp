#include "serve/life_line.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum::serve {
namespace {

void close_if_open(int& fd) {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

}  // namespace

LifeLine::~LifeLine() {
  close_if_open(watched_);
  close_if_open(handed_);
}

int LifeLine::begin() {
  SANCTUM_INVARIANT(over(), "one life at a time");
  int ends[2];
  if (::pipe(ends) != 0)
    throw Error(ErrorCode::kUnavailable,
                std::string("cannot make a pipe: ") + std::strerror(errno));
  watched_ = ends[0];
  handed_ = ends[1];
  if (::fcntl(watched_, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(handed_, F_SETFD, FD_CLOEXEC) != 0)
    throw Error(ErrorCode::kUnavailable, "cannot keep a pipe to ourselves");
  return handed_;
}

void LifeLine::handed_down() {
  close_if_open(handed_);
}

bool LifeLine::over() {
  if (watched_ < 0) return true;
  pollfd hung_up{watched_, 0, 0};
  if (handed_ >= 0 || ::poll(&hung_up, 1, 0) <= 0) return false;
  close_if_open(watched_);
  return true;
}

}  // namespace sanctum::serve
