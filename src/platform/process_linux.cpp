#include <sys/syscall.h>
#include <unistd.h>

#include "platform/process_system.h"

namespace sanctum::platform {

int isolate_child(posix_spawnattr_t&, posix_spawn_file_actions_t& actions, short& flags,
                  int last_kept) {
  flags |= POSIX_SPAWN_SETSID;
  return ::posix_spawn_file_actions_addclosefrom_np(&actions, last_kept + 1);
}

int open_exit_watch(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace sanctum::platform
