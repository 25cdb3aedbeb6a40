#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <sys/sysctl.h>
#include <sys/types.h>

#include <cstdlib>
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

}  // namespace sanctum::platform
