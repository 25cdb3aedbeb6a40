#include "supervisor/program_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

namespace sanctum::supervisor {

ProgramFile look_at_program(const std::string& path) {
  ProgramFile file;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return file;
  file.runnable = S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
  file.inode = status.st_ino;
  file.bytes = static_cast<std::uint64_t>(status.st_size);
  std::error_code ignored;
  const auto modified = std::filesystem::last_write_time(path, ignored).time_since_epoch();
  file.modified_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(modified).count();
  return file;
}

}  // namespace sanctum::supervisor
