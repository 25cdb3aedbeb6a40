// A short command and what it says.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "platform/exit_status.h"

namespace sanctum::platform {

inline constexpr std::size_t kCommandOutputMax = 1u << 20;

struct CommandResult {
  ExitStatus status;
  std::string output;  // standard output and error
};

// As a shell finds it: a path as it is, else in a directory of PATH. Throws Error(kNotFound).
std::string program_in_path(const std::string& word);

// `words`: the program, looked for in PATH, and its arguments. Throws Error(kNotFound) when there
// is no such program, Error(kDeadline) for one that was ended because it took longer than `limit`.
// `environment`: variables beside ours, or in their place. A child that even SIGKILL does not end,
// because it stands at a disk, is left behind. Throws Error(kCancelled) soon after `cancelled`.
CommandResult run_command(const std::vector<std::string>& words, std::chrono::milliseconds limit,
                          const std::vector<std::pair<std::string, std::string>>& environment = {},
                          const std::atomic<bool>* cancelled = nullptr);

}  // namespace sanctum::platform
