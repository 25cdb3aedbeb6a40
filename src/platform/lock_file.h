// A lock that a family of processes holds together: the system drops it with the last of them,
// however that one ends.
//
// Contract: the lock belongs to the open file. Who inherits its descriptor holds it too, so it ends
// when the last copy is closed. The file names who holds it, one process id a line. Asking who
// holds it takes no lock, so that no question can make somebody else's start fail.
// Thread rule: `name` from any thread, one at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sanctum::platform {

class LockFile {
 public:
  // Takes the lock and names this process. Throws Error(kBusy) naming a living holder's process id
  // when another one has it, Error(kUnavailable) for a link, and for what is no regular file.
  explicit LockFile(const std::string& path);
  // A copy that was handed down to this process. Throws Error(kInvalid) when it is no file.
  explicit LockFile(int descriptor);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  // Whether `path` is still the file that is locked. Where holders remove it at their end, one that
  // was opened before and locked after is not: nobody else meets that lock.
  bool is_at(const std::string& path) const;

  // Whether the file named somebody when it was taken: one who ended and left it.
  bool was_held() const { return was_held_; }

  // To be handed down.
  int descriptor() const { return fd_; }
  // Those that hold it from now on; who is asked for first comes first. A file that cannot be
  // written keeps the names it has: the lock holds all the same.
  void name(const std::vector<int>& holders);

  // The first living process that the file names, if anybody holds the lock. Throws
  // Error(kUnavailable) when it is held and the file names nobody who lives.
  static std::optional<int> holder(const std::string& path);

 private:
  int fd_ = -1;
  bool was_held_ = false;
};

}  // namespace sanctum::platform
