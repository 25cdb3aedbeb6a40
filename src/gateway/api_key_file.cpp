#include "gateway/api_key_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace sanctum::gateway {
namespace {

constexpr unsigned kOwnerOnly = 0600;

std::string path_in(const std::string& state_directory) {
  return state_directory + "/keys.json";
}

// Held while the keys are changed; the system drops it with its holder.
class ChangeLock {
 public:
  explicit ChangeLock(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly)) {
    int result = fd_ < 0 ? -1 : 0;
    if (fd_ >= 0) {
      do {
        result = ::flock(fd_, LOCK_EX);
      } while (result != 0 && errno == EINTR);
    }
    if (result == 0) return;
    const int error = errno;
    if (fd_ >= 0) ::close(fd_);
    throw Error(ErrorCode::kUnavailable, "cannot lock " + path + ": " + std::strerror(error));
  }
  ~ChangeLock() { ::close(fd_); }
  ChangeLock(const ChangeLock&) = delete;
  ChangeLock& operator=(const ChangeLock&) = delete;

 private:
  const int fd_;
};

}  // namespace

// What tells one version of the file from another: it is replaced, never written in place.
struct KeyFile::Stamp {
  bool there = false;
  ino_t inode = 0;
  off_t bytes = 0;
  std::filesystem::file_time_type modified{};
  bool operator==(const Stamp&) const = default;

  // Nothing when that cannot be found out now.
  static std::unique_ptr<Stamp> of(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0)
      return errno == ENOENT ? std::make_unique<Stamp>() : nullptr;
    if (::stat(path.c_str(), &status) != 0) return nullptr;  // a link that leads nowhere is no lack
    std::error_code error;
    const auto modified = std::filesystem::last_write_time(path, error);
    if (error) return nullptr;
    return std::make_unique<Stamp>(Stamp{true, status.st_ino, status.st_size, modified});
  }
};

KeyFile::KeyFile(const std::string& state_directory) : path_(path_in(state_directory)) {}
KeyFile::~KeyFile() = default;

std::shared_ptr<const KnownKeys> KeyFile::current() {
  const std::lock_guard lock(mutex_);
  const auto now = Stamp::of(path_);
  if (now && (!stamp_ || !(*now == *stamp_))) read(*now);
  if (!known_) known_ = std::make_shared<KnownKeys>(KnownKeys{{}, true});
  return known_;
}

void KeyFile::read(const Stamp& now) {
  KnownKeys known;
  try {
    if (now.there) known.keys = ApiKeys::decode(read_file(path_, kKeyFileBytesMax));
  } catch (const Error& error) {
    // It is tried again with the next request, and told once.
    if (!std::exchange(told_, true))
      log::error("keys_not_read", {{"file", path_}, {"error", error.what()}});
    return;
  }
  told_ = false;
  known.required = !known.keys.list().empty();
  if (stamp_) log::info("keys_read", {{"keys", known.keys.list().size()}});
  known_ = std::make_shared<KnownKeys>(std::move(known));
  stamp_ = std::make_unique<Stamp>(now);
}

ApiKeys read_keys(const std::string& state_directory) {
  try {
    const auto text = read_file_if_there(path_in(state_directory), kKeyFileBytesMax);
    return text ? ApiKeys::decode(*text) : ApiKeys();
  } catch (const Error& error) {
    throw Error(error.code(), path_in(state_directory) + ": " + error.what());
  }
}

void change_keys(const std::string& state_directory, const std::function<void(ApiKeys&)>& change) {
  const ChangeLock lock(state_directory + "/keys.lock");
  ApiKeys keys = read_keys(state_directory);
  change(keys);
  write_file_atomically(path_in(state_directory), keys.encode(), kOwnerOnly);
}

}  // namespace sanctum::gateway
