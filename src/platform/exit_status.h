// How a process ended, in words a person can act on.
#pragma once

#include <string>

namespace sanctum::platform {

struct ExitStatus {
  int code = 0;    // meaningful when signal is 0
  int signal = 0;  // 0: it exited by itself
  bool core_dumped = false;
};

// From what waitpid() reports.
ExitStatus exit_status(int wait_status);
// "SIGSEGV"; "signal 77" for one without a name.
std::string signal_name(int signal);
// "exited with code 78", "was killed by SIGSEGV (core dumped)".
std::string describe(const ExitStatus& status);

}  // namespace sanctum::platform
