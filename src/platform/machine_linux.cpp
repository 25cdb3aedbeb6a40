#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "platform/machine.h"

namespace sanctum::platform {
namespace {

std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

// A control group (version 2) may allow less than the machine has.
void apply_container_limit(Memory& memory) {
  const auto limit = number_in("/sys/fs/cgroup/memory.max");
  const auto used = number_in("/sys/fs/cgroup/memory.current");
  if (!limit || !used) return;
  memory.total_bytes = std::min(memory.total_bytes, *limit);
  memory.available_bytes = std::min(memory.available_bytes, *limit > *used ? *limit - *used : 0);
}

}  // namespace

std::string executable_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Error(ErrorCode::kInternal, "cannot find our own program: " + error.message());
  return path.string();
}

std::string program_of_this_process() {
  return "/proc/self/exe";
}

Memory memory() {
  Memory memory;
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  std::uint64_t kib = 0;
  while (file >> name >> kib) {
    if (name == "MemTotal:") memory.total_bytes = kib * 1024;
    if (name == "MemAvailable:") memory.available_bytes = kib * 1024;
    std::getline(file, unit);
  }
  apply_container_limit(memory);
  return memory;
}

std::uint64_t footprint_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  if (!(file >> size >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

namespace {

// Of the kernel's counters, the sum of those that are named.
std::uint64_t counted(std::initializer_list<std::string_view> names) {
  std::ifstream file("/proc/vmstat");
  std::string name;
  std::uint64_t count = 0, sum = 0;
  while (file >> name >> count) {
    if (std::find(names.begin(), names.end(), name) != names.end()) sum += count;
  }
  return sum;
}

}  // namespace

std::uint64_t pages_swapped() {
  return counted({"pswpin", "pswpout"});
}

// Pressure stall information: "some avg10=0.12 avg60=...".
std::optional<double> memory_stall_percent() {
  std::ifstream file("/proc/pressure/memory");
  std::string who, average;
  constexpr std::string_view kName = "avg10=";
  if (!(file >> who >> average) || !average.starts_with(kName)) return std::nullopt;
  return std::strtod(average.c_str() + kName.size(), nullptr);
}

std::vector<std::string> arguments_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

std::string working_directory_of(int pid) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd", error);
  return error ? "" : path.string();
}

int parent_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string key;
  while (file >> key) {
    int parent = 0;
    if (key == "PPid:" && file >> parent) return parent;
  }
  return 0;
}

}  // namespace sanctum::platform
