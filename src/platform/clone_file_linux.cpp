#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "base/file_error.h"
#include "platform/clone_file.h"

namespace sanctum::platform {
namespace {

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (fd_ < 0) throw Error(ErrorCode::kUnavailable, "cannot open " + path);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

bool share_blocks(const std::string& from, const std::string& to) {
  const Descriptor source(from, O_RDONLY);
  struct stat status{};
  if (::fstat(source.get(), &status) != 0) return false;
  const Descriptor target(to, O_WRONLY | O_CREAT | O_EXCL, status.st_mode & 07777);
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) return true;
  ::unlink(to.c_str());
  return false;
}

void clone_file(const std::string& from, const std::string& to) {
  if (share_blocks(from, to)) return;
  std::error_code error;
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, error);
  if (error)
    throw Error(ErrorCode::kUnavailable,
                "cannot copy " + from + " to " + to + ": " + file_error_text(error.value()));
}

}  // namespace sanctum::platform
