// Facts about this machine and this process: machine_linux.cpp, machine_darwin.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sanctum::platform {

// The absolute path of the running program, symbolic links resolved.
std::string executable_path();
// Starts the running program again, also where its file was replaced meanwhile, if the system can.
std::string program_of_this_process();

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes =
      0;  // what can be had without swapping, within any container limit
};
Memory memory();
// What this process takes of it now; 0 where the system does not tell.
std::uint64_t footprint_bytes();

// The words that a process was started with, and its parent; none and 0 for one that is gone or not
// ours to look at.
std::vector<std::string> arguments_of(int pid);
int parent_of(int pid);
// The directory that its relative paths begin at; empty for one that is not ours to look at.
std::string working_directory_of(int pid);

// Pages that went to swap and came back, since the system was started.
std::uint64_t pages_swapped();
// Of the last ten seconds, the percentage in which some task waited for memory; nothing where the
// system does not tell.
std::optional<double> memory_stall_percent();

}  // namespace sanctum::platform
