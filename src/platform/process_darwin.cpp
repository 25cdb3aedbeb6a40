#include <fcntl.h>
#include <libproc.h>
#include <sys/event.h>
#include <sys/proc.h>
#include <unistd.h>

#include <cerrno>

#include "platform/process.h"
#include "platform/process_system.h"

namespace sanctum::platform {

int isolate_child(posix_spawnattr_t&, posix_spawn_file_actions_t&, short& flags, int) {
  // Descriptors named by a file action are kept, all others closed.
  flags |= POSIX_SPAWN_SETSID | POSIX_SPAWN_CLOEXEC_DEFAULT;
  return 0;
}

int open_exit_watch(pid_t pid) {
  const int queue = ::kqueue();
  if (queue < 0) return -1;
  if (::fcntl(queue, F_SETFD, FD_CLOEXEC) != 0) {
    ::close(queue);
    return -1;
  }
  struct kevent change;
  EV_SET(&change, static_cast<uintptr_t>(pid), EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
  // A child that has ended already cannot be watched, but it can be reaped.
  if (::kevent(queue, &change, 1, nullptr, 0, nullptr) < 0 && errno != ESRCH) {
    ::close(queue);
    return -1;
  }
  return queue;
}

bool is_running(pid_t pid) {
  proc_bsdinfo info{};
  const int size = static_cast<int>(sizeof info);
  return ::proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, size) == size && info.pbi_status != SZOMB;
}

bool is_stopped(pid_t pid) {
  proc_bsdinfo info{};
  const int size = static_cast<int>(sizeof info);
  return ::proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, size) == size && info.pbi_status == SSTOP;
}

}  // namespace sanctum::platform
