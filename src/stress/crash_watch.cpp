#include "stress/crash_watch.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace sanctum::stress {
namespace fs = std::filesystem;

void RestartCount::observe(std::optional<std::int64_t> restarts) {
  if (!restarts) return;
  if (last_) {
    // A lower count is a server that started anew: that was a crash of its own, and its count
    // begins at zero.
    const auto grown = *restarts >= *last_ ? *restarts - *last_ : *restarts + 1;
    crashes_ += static_cast<std::uint64_t>(grown);
  }
  last_ = restarts;
}

CrashReports::CrashReports(std::vector<std::string> directories, std::vector<std::string> processes)
    : directories_(std::move(directories)), processes_(std::move(processes)), before_(matching()) {}

std::vector<std::string> CrashReports::appeared() const {
  const auto now = matching();
  std::vector<std::string> fresh;
  std::set_difference(now.begin(), now.end(), before_.begin(), before_.end(),
                      std::back_inserter(fresh));
  return fresh;
}

std::set<std::string> CrashReports::matching() const {
  std::set<std::string> found;
  for (const auto& directory : directories_) {
    std::error_code failed;
    std::size_t seen = 0;
    for (fs::directory_iterator it(directory, failed), end; !failed && it != end;
         it.increment(failed)) {
      if (++seen > kReportsMax) break;
      const auto name = it->path().filename().string();
      const auto kind = it->path().extension();
      const bool ours = std::any_of(processes_.begin(), processes_.end(), [&](const auto& process) {
        return name.rfind(process, 0) == 0;
      });
      if (ours && (kind == ".ips" || kind == ".crash")) found.insert(it->path().string());
    }
  }
  return found;
}

std::vector<std::string> crash_report_directories() {
  std::vector<std::string> directories;
  if (const char* home = std::getenv("HOME")) {
    directories.push_back(std::string(home) + "/Library/Logs/DiagnosticReports");
  }
  directories.emplace_back("/Library/Logs/DiagnosticReports");
  return directories;
}

}  // namespace sanctum::stress
