// One process at a time: a lock that the system drops with its holder, however that one ends.
#pragma once

#include <optional>
#include <string>

namespace sanctum::platform {

class LockFile {
 public:
  // Takes the lock and writes our process id into the file. Throws Error(kBusy) naming the
  // holder's process id when another process has it.
  explicit LockFile(const std::string& path);
  ~LockFile();
  // The process id of who holds it now, if anybody does. Throws Error(kUnavailable) when that
  // cannot be found out.
  static std::optional<int> holder(const std::string& path);
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace sanctum::platform
