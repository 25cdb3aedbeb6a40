// A child process with a socket to its parent.
//
// Contract: the child leads its own session, so that a terminal's Ctrl-C reaches only us and a kill
// reaches its whole group; it inherits standard error, an empty standard input, its socket as
// descriptor 3, what `descriptors` names as 4 and on, and nothing else. Destroying a Process kills
// and reaps it: no child outlives its owner. Thread rule: one owner; `signal` may come from any
// thread while the owner waits.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/exit_status.h"

namespace sanctum::platform {

struct ProcessOptions {
  std::string path;                    // the program; never searched for in PATH
  std::vector<std::string> arguments;  // without the program's own name
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::vector<int> descriptors = {};                             // ours, for the child; a few
  bool speaks_to_socket = false;  // its standard output and error go to its socket
};

// Whether the process is there and runs code; one that has ended and was not yet waited for is not.
bool is_running(pid_t pid);
// Whether the system has the process stopped (SIGSTOP, a debugger); false for one that is gone.
bool is_stopped(pid_t pid);

class Process {
 public:
  // Throws Error: kNotFound for a program that cannot be run, kUnavailable when the system lacks
  // something that may be there again soon (processes, memory, descriptors).
  explicit Process(const ProcessOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // Our end of the socket; the caller owns it. Call once.
  int take_socket();
  // To the child's whole group; does nothing once it has been reaped.
  void signal(int number);
  // The status once it has ended; nothing when the time ran out first.
  std::optional<ExitStatus> wait(std::chrono::milliseconds limit);
  // Kills it; one that is not gone by then is nobody's any more, and not waited for at the end.
  void end_or_leave(std::chrono::milliseconds limit);

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
  int exit_watch_ = -1;  // readable once the child has ended
  std::mutex mutex_;     // guards ended_, so that no signal meets a reused pid
  std::optional<ExitStatus> ended_;
  bool left_ = false;
};

}  // namespace sanctum::platform
