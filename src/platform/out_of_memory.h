// How many processes the system has killed for want of memory: out_of_memory_linux.cpp,
// out_of_memory_darwin.cpp.
//
// Contract: counted where a process lives, in its control group, so that another container's death
// is none of ours; of the whole machine where there is no such count; nothing where the system does
// not tell, or cannot be asked right now. Only the differences mean anything. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sanctum::platform {

class OutOfMemoryKills {
 public:
  OutOfMemoryKills() = default;  // counts nothing
  // `root`: where the system's files are; another one than "" for tests.
  explicit OutOfMemoryKills(int pid, const std::string& root = "");
  std::optional<std::uint64_t> count() const;

 private:
  std::string file_;  // of lines of a name and a number; empty: none
};

}  // namespace sanctum::platform
