#include "platform/shared_page.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "platform/anonymous_file.h"

namespace sanctum::platform {
namespace {

[[noreturn]] void fail(ErrorCode code, const char* what) {
  throw Error(code, std::string("cannot share memory: ") + what + ": " + std::strerror(errno));
}

}  // namespace

SharedPage::SharedPage(std::size_t bytes) : descriptor_(open_anonymous_file()), bytes_(bytes) {
  if (descriptor_ < 0) fail(ErrorCode::kUnavailable, "no file");
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) {
    ::close(descriptor_);
    fail(ErrorCode::kUnavailable, "no room");
  }
  map();
}

SharedPage::SharedPage(int descriptor, std::size_t bytes) : descriptor_(descriptor), bytes_(bytes) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) fail(ErrorCode::kInvalid, "no such descriptor");
  if (status.st_size < static_cast<off_t>(bytes)) {
    errno = EINVAL;
    fail(ErrorCode::kInvalid, "the descriptor holds too little");
  }
  map();
}

void SharedPage::map() {
  data_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (data_ != MAP_FAILED) return;
  const int error = errno;
  ::close(std::exchange(descriptor_, -1));
  errno = error;
  fail(ErrorCode::kInvalid, "the descriptor cannot be mapped");
}

SharedPage::~SharedPage() {
  ::munmap(data_, bytes_);
  ::close(descriptor_);
}

}  // namespace sanctum::platform
