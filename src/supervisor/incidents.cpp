#include "supervisor/incidents.h"

#include <chrono>

#include "base/log.h"

namespace sanctum::supervisor {
namespace {

std::int64_t unix_s() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace

void Incidents::open(const std::string& key, const std::string& level, const std::string& what) {
  bool said = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(key);
    said = found != open_.end() && found->second.level == level && found->second.what == what;
    if (found == open_.end()) {
      if (open_.size() >= kIncidentsMax) return;
      open_[key] = {key, level, what, unix_s()};
    } else {
      found->second.level = level;
      found->second.what = what;
    }
  }
  if (said) return;
  log::write(level == "warn" ? log::Level::kWarn : log::Level::kError, "incident",
             {{"key", key}, {"level", level}, {"what", what}});
  record_(IncidentOpened{key, level, what});
}

void Incidents::close(const std::string& key, const std::string& how) {
  {
    const std::lock_guard lock(mutex_);
    if (open_.erase(key) == 0) return;
  }
  log::info("incident_over", {{"key", key}, {"how", how}});
  record_(IncidentClosed{key, how});
}

std::vector<Incident> Incidents::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Incident> all;
  all.reserve(open_.size());
  for (const auto& [key, incident] : open_) all.push_back(incident);
  return all;
}

}  // namespace sanctum::supervisor
