#include <sched.h>

#include <cerrno>
#include <thread>

#include "platform/cores.h"

namespace sanctum::platform {
namespace {

constexpr int kProcessorsMax = 1 << 16;

std::vector<int> processors_of_this_process() {
  std::vector<int> out;
  for (int count = CPU_SETSIZE; count <= kProcessorsMax; count *= 2) {
    cpu_set_t* const set = CPU_ALLOC(count);
    const std::size_t size = CPU_ALLOC_SIZE(count);
    const bool known = set != nullptr && ::sched_getaffinity(0, size, set) == 0;
    for (int i = 0; known && i < count; ++i) {
      if (CPU_ISSET_S(i, size, set)) out.push_back(i);
    }
    const bool too_small = !known && errno == EINVAL;
    if (set != nullptr) CPU_FREE(set);
    if (!too_small) break;
  }
  if (!out.empty()) return out;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
    out.push_back(static_cast<int>(i));
  return out;
}

}  // namespace

int cores_to_use() {
  return cores_in("", processors_of_this_process());
}

}  // namespace sanctum::platform
