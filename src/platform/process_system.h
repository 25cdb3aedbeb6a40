// What spawning needs of the system beyond POSIX: process_linux.cpp, process_darwin.cpp.
#pragma once

#include <spawn.h>
#include <sys/types.h>

namespace sanctum::platform {

// Makes the child lead a session and inherit no descriptor above `last_kept`.
// Returns an errno value, 0 for success.
int isolate_child(posix_spawnattr_t& attributes, posix_spawn_file_actions_t& actions, short& flags,
                  int last_kept);
// A descriptor that polls readable once the child `pid` has ended, closed on exec; -1
// with errno set.
int open_exit_watch(pid_t pid);

}  // namespace sanctum::platform
