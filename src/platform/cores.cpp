#include "platform/cores.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

namespace sanctum::platform {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

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

// "200000 100000": microseconds of computing in a period of so many. "max": as many as it likes.
double quota_of(const std::string& text) {
  std::istringstream words(text);
  double allowed = 0, period = 0;
  return words >> allowed >> period && allowed > 0 && period > 0
             ? allowed / period
             : std::numeric_limits<double>::infinity();
}

// The least that a control group on the way from `path` to the root allows, in processors.
template <class Quota>
double least_on_the_way(std::string path, const Quota& quota) {
  double least = quota(path);
  while (!path.empty()) {
    path.erase(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    least = std::min(least, quota(path));
  }
  return least;
}

double quota_in(const std::string& root) {
  double least = std::numeric_limits<double>::infinity();
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string path = line.substr(second + 1);
    if (path == "/") path.clear();
    if (controllers == ",,") {  // version 2
      least = std::min(least, least_on_the_way(path, [&](const std::string& group) {
                         return quota_of(first_line(root + "/sys/fs/cgroup" + group + "/cpu.max"));
                       }));
    } else if (controllers.find(",cpu,") != std::string::npos) {
      least = std::min(
          least, least_on_the_way(path, [&](const std::string& group) {
            const std::string at = root + "/sys/fs/cgroup/cpu" + group + "/cpu.cfs_";
            return quota_of(first_line(at + "quota_us") + " " + first_line(at + "period_us"));
          }));
    }
  }
  return least;
}

}  // namespace

int cores_in(const std::string& root, const std::vector<int>& processors) {
  const double cores = std::min<double>(distinct_cores(root, processors), quota_in(root));
  return std::max(1, static_cast<int>(cores));
}

}  // namespace sanctum::platform
