#include "serve/wake.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace sanctum::serve {

Wake::Wake() {
  bool made = ::pipe(ends_) == 0;
  for (const int end : ends_)
    made = made && ::fcntl(end, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(end, F_SETFL, O_NONBLOCK) == 0;
  if (!made) throw Error(ErrorCode::kUnavailable, "cannot make a pipe");
}

Wake::~Wake() {
  for (const int end : ends_) ::close(end);
}

void Wake::wake() {
  [[maybe_unused]] const ssize_t written = ::write(ends_[1], "!", 1);
}

void Wake::take() {
  char bytes[64];
  while (::read(ends_[0], bytes, sizeof bytes) > 0) {
  }
}

}  // namespace sanctum::serve
