#include <dirent.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "platform/port_owner.h"

namespace sanctum::platform {
namespace {

constexpr const char* kListening = "0A";  // TCP_LISTEN, in the kernel's table
constexpr const char* kSocketPrefix = "socket:[";

// Of /proc/net/tcp: "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode ...".
void add_listeners(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, skipped, inode;
    fields >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> inode;
    const std::size_t colon = local.rfind(':');
    unsigned found = 0;
    if (state != kListening || colon == std::string::npos) continue;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16);
    if (found == port) inodes.insert(kSocketPrefix + inode + "]");
  }
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool holds_one(const std::string& descriptors, const std::set<std::string>& inodes) {
  const Directory directory(::opendir(descriptors.c_str()));
  if (!directory) return false;
  while (const dirent* entry = ::readdir(directory.get())) {
    char target[64];
    const std::string path = descriptors + "/" + entry->d_name;
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    if (length > 0 && inodes.count({target, static_cast<std::size_t>(length)}) > 0) return true;
  }
  return false;
}

}  // namespace

std::optional<PortOwner> port_owner(std::uint16_t port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) add_listeners(table, port, inodes);
  const Directory processes(inodes.empty() ? nullptr : ::opendir("/proc"));
  if (!processes) return std::nullopt;
  while (const dirent* entry = ::readdir(processes.get())) {
    const std::string name = entry->d_name, path = "/proc/" + name;
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (!holds_one(path + "/fd", inodes)) continue;
    PortOwner owner{pid, {}};
    std::ifstream file(path + "/comm");
    std::getline(file, owner.program);
    return owner;
  }
  return std::nullopt;
}

}  // namespace sanctum::platform
