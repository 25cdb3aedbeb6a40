#include "platform/cores.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "platform/control_group_quota.h"

namespace sanctum::platform {
namespace {

int number_in(const std::string& path, int otherwise) {
  std::ifstream file(path);
  int value = 0;
  return file >> value ? value : otherwise;
}

// A core is known by the first of its processors ("0,8", "0-1"): its own number is one of its
// cluster, of which ARM's machines have several. Where the system tells nothing, each is one.
int distinct_cores(const std::string& root, const std::vector<int>& processors) {
  std::set<int> cores;
  for (const int processor : processors) {
    const std::string topology =
        root + "/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/topology/";
    const int first = number_in(topology + "thread_siblings_list", processor);  // of old kernels
    cores.insert(number_in(topology + "core_cpus_list", first));
  }
  return static_cast<int>(cores.size());
}

}  // namespace

int cores_in(const std::string& root, const std::vector<int>& processors) {
  const double cores =
      std::min<double>(distinct_cores(root, processors), processors_allowed_in(root));
  return std::max(1, static_cast<int>(cores));
}

}  // namespace sanctum::platform
