// A program on disk, as far as it takes to see that it was put back or replaced. Values.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::supervisor {

struct ProgramFile {
  bool runnable = false;  // there, and we may execute it
  std::uint64_t inode = 0, bytes = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const ProgramFile&) const = default;
};

ProgramFile look_at_program(const std::string& path);

}  // namespace sanctum::supervisor
