#include "platform/control_group_quota.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

namespace sanctum::platform {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
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

}  // namespace

double processors_allowed_in(const std::string& root) {
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

}  // namespace sanctum::platform
