#include <filesystem>
#include <fstream>

#include "platform/out_of_memory.h"

namespace sanctum::platform {
namespace {

constexpr const char* kCounter = "oom_kill";

// Of a control group (version 2), as "0::/path" in /proc/<pid>/cgroup names it.
std::string events_of_group(int pid, const std::string& root) {
  std::ifstream groups(root + "/proc/" + std::to_string(pid) + "/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::/")) continue;
    const std::string path = line.substr(3) == "/" ? "" : line.substr(3);
    std::string events = root + "/sys/fs/cgroup" + path + "/memory.events";
    std::error_code ignored;
    if (std::filesystem::exists(events, ignored)) return events;
  }
  return {};
}

}  // namespace

OutOfMemoryKills::OutOfMemoryKills(int pid, const std::string& root)
    : file_(events_of_group(pid, root)) {
  if (file_.empty()) file_ = root + "/proc/vmstat";
}

std::optional<std::uint64_t> OutOfMemoryKills::count() const {
  if (file_.empty()) return std::nullopt;
  std::ifstream file(file_);
  std::string name;
  std::uint64_t count = 0;
  while (file >> name >> count) {
    if (name == kCounter) return count;
  }
  return std::nullopt;
}

}  // namespace sanctum::platform
