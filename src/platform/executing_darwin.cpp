#include <libproc.h>
#include <mach-o/dyld.h>
#include <sys/proc_info.h>

#include <filesystem>

#include "platform/executing.h"

namespace sanctum::platform {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSystem[] = {"/usr/lib", "/System", "/opt/homebrew", "/usr/local"};

bool below(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

std::string first_mapped(int pid, const std::string& directory) {
  proc_regionwithpathinfo region{};
  std::uint64_t address = 0;
  while (::proc_pidinfo(pid, PROC_PIDREGIONPATHINFO, address, &region, sizeof region) > 0) {
    const std::string path = region.prp_vip.vip_path;
    const bool executes = (region.prp_prinfo.pri_protection & VM_PROT_EXECUTE) != 0;
    if (executes && below(path, directory)) return path;
    const std::uint64_t next = region.prp_prinfo.pri_address + region.prp_prinfo.pri_size;
    if (next <= address) break;
    address = next;
  }
  return {};
}

}  // namespace

std::vector<Executing> executing_from(const std::string& directory) {
  std::error_code error;
  const std::string root = fs::weakly_canonical(directory, error).string();
  std::vector<int> pids(static_cast<std::size_t>(::proc_listallpids(nullptr, 0)) + 64);
  const int count = ::proc_listallpids(pids.data(), static_cast<int>(pids.size() * sizeof(int)));
  std::vector<Executing> all;
  for (int i = 0; i < count; ++i) {
    char program[PROC_PIDPATHINFO_MAXSIZE] = "";
    const int pid = pids[static_cast<std::size_t>(i)];
    if (::proc_pidpath(pid, program, sizeof program) <= 0) continue;
    const std::string file = below(program, root) ? program : first_mapped(pid, root);
    if (!file.empty()) all.push_back({pid, program, file});
  }
  return all;
}

std::vector<std::string> libraries_of_our_own() {
  std::vector<std::string> all;
  for (std::uint32_t i = 1; i < ::_dyld_image_count(); ++i) {
    const std::string path = ::_dyld_get_image_name(i);
    bool system = false;
    for (const char* prefix : kSystem) system |= below(path, prefix);
    if (!system) all.push_back(path);
  }
  return all;
}

std::vector<std::string> files_beside_libraries() {
  std::vector<std::string> all;
  for (const fs::path library : libraries_of_our_own()) {
    if (library.filename() == "libmlx.dylib")
      all.push_back((library.parent_path() / "mlx.metallib").string());
  }
  return all;
}

const char* library_path_variable() {
  return "DYLD_LIBRARY_PATH";
}

}  // namespace sanctum::platform
