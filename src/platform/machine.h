// Facts about this machine and this process: machine_linux.cpp, machine_darwin.cpp.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::platform {

// The absolute path of the running program, symbolic links resolved.
std::string executable_path();

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes =
      0;  // what can be had without swapping, within any container limit
};
Memory memory();

}  // namespace sanctum::platform
