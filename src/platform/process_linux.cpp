#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "platform/process.h"
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

namespace {

// The letter of its state; 0 for a process that is gone.
char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  // The state follows the name, which may hold anything, in parentheses.
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= text.size() ? '\0' : text[name_end + 2];
}

}  // namespace

bool is_running(pid_t pid) {
  const char state = pid > 0 ? state_of(pid) : '\0';
  return state != '\0' && state != 'Z' && state != 'X';
}

bool is_stopped(pid_t pid) {
  const char state = state_of(pid);
  return state == 'T' || state == 't';
}

}  // namespace sanctum::platform
