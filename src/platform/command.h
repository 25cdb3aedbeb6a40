// A short command and what it says.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "platform/exit_status.h"

namespace sanctum::platform {

inline constexpr std::size_t kCommandOutputMax = 1u << 20;

struct CommandResult {
  ExitStatus status;
  std::string output;  // standard output and error
};

// `words`: the program, looked for in PATH, and its arguments. Throws Error(kNotFound) when there
// is no such program, Error(kDeadline) for one that was ended because it took longer than `limit`.
CommandResult run_command(const std::vector<std::string>& words, std::chrono::milliseconds limit);

}  // namespace sanctum::platform
