#include <libproc.h>
#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <sys/sysctl.h>
#include <sys/types.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "platform/machine.h"

namespace sanctum::platform {

std::string executable_path() {
  std::uint32_t size = 0;
  ::_NSGetExecutablePath(nullptr, &size);
  std::string path(size, '\0');
  if (::_NSGetExecutablePath(path.data(), &size) != 0) {
    throw Error(ErrorCode::kInternal, "cannot find our own program");
  }
  path.resize(path.find('\0'));
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

std::string program_of_this_process() {
  return executable_path();
}

Memory memory() {
  Memory memory;
  std::uint64_t total = 0;
  std::size_t size = sizeof total;
  if (::sysctlbyname("hw.memsize", &total, &size, nullptr, 0) == 0) memory.total_bytes = total;
  vm_statistics64_data_t pages{};
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  if (::host_statistics64(::mach_host_self(), HOST_VM_INFO64,
                          reinterpret_cast<host_info64_t>(&pages), &count) == KERN_SUCCESS) {
    memory.available_bytes = (static_cast<std::uint64_t>(pages.free_count) + pages.inactive_count +
                              pages.purgeable_count) *
                             vm_page_size;
  }
  return memory;
}

// What Activity Monitor shows and memory pressure goes by: compressed pages too, and the GPU's.
std::uint64_t footprint_bytes() {
  task_vm_info_data_t info{};
  mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
  if (::task_info(::mach_task_self(), TASK_VM_INFO, reinterpret_cast<task_info_t>(&info), &count) !=
      KERN_SUCCESS)
    return 0;
  return info.phys_footprint;
}

std::uint64_t pages_swapped() {
  vm_statistics64_data_t pages{};
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  if (::host_statistics64(::mach_host_self(), HOST_VM_INFO64,
                          reinterpret_cast<host_info64_t>(&pages), &count) != KERN_SUCCESS)
    return 0;
  return pages.swapins + pages.swapouts;
}

std::optional<double> memory_stall_percent() {
  return std::nullopt;
}

// sysctl's KERN_PROCARGS2: the count, the program's path, padding, then the words.
std::vector<std::string> arguments_of(int pid) {
  int name[] = {CTL_KERN, KERN_PROCARGS2, pid};
  std::size_t size = 0;
  if (::sysctl(name, 3, nullptr, &size, nullptr, 0) != 0 || size < sizeof(int)) return {};
  std::string bytes(size, '\0');
  if (::sysctl(name, 3, bytes.data(), &size, nullptr, 0) != 0 || size < sizeof(int)) return {};
  int count = 0;
  std::memcpy(&count, bytes.data(), sizeof count);
  std::size_t at = bytes.find('\0', sizeof count);
  at = at == std::string::npos ? at : bytes.find_first_not_of('\0', at);
  std::vector<std::string> words;
  while (at != std::string::npos && at < size && static_cast<int>(words.size()) < count) {
    words.emplace_back(bytes.c_str() + at);
    at += words.back().size() + 1;
  }
  return words;
}

std::string working_directory_of(int pid) {
  proc_vnodepathinfo info{};
  const int size = static_cast<int>(sizeof info);
  return ::proc_pidinfo(pid, PROC_PIDVNODEPATHINFO, 0, &info, size) == size ? info.pvi_cdir.vip_path
                                                                            : "";
}

int parent_of(int pid) {
  kinfo_proc info{};
  std::size_t size = sizeof info;
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
  return ::sysctl(name, 4, &info, &size, nullptr, 0) == 0 && size > 0 ? info.kp_eproc.e_ppid : 0;
}

}  // namespace sanctum::platform
