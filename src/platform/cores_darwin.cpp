#include <sys/sysctl.h>

#include <cstddef>

#include "platform/cores.h"

namespace sanctum::platform {

// The fast ones: all items of a job are as large, and the slow cores would be waited for.
int cores_to_use() {
  for (const char* name : {"hw.perflevel0.physicalcpu", "hw.physicalcpu"}) {
    int count = 0;
    std::size_t size = sizeof count;
    if (::sysctlbyname(name, &count, &size, nullptr, 0) == 0 && count > 0) return count;
  }
  return 1;
}

}  // namespace sanctum::platform
