// Counts crashes of the server under test while a run goes on.
//
// Two witnesses, each used where it exists: crash reports that the system writes (macOS), and the
// restart count that a Sanctum server keeps of its engine. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sanctum::stress {

inline constexpr std::size_t kReportsMax = 100'000;  // directory entries looked at

// The counter of another process, which starts again from zero when that process does.
class RestartCount {
 public:
  // Nothing where the counter could not be read this time.
  void observe(std::optional<std::int64_t> restarts);
  std::uint64_t crashes() const { return crashes_; }

 private:
  std::optional<std::int64_t> last_;
  std::uint64_t crashes_ = 0;
};

class CrashReports {
 public:
  // Reports that are there already do not count. A report matches when its name begins with one of
  // `processes` and ends in .ips or .crash. Directories that do not exist are skipped.
  CrashReports(std::vector<std::string> directories, std::vector<std::string> processes);
  // The names of matching reports that have appeared so far.
  std::vector<std::string> appeared() const;

 private:
  std::set<std::string> matching() const;
  std::vector<std::string> directories_;
  std::vector<std::string> processes_;
  std::set<std::string> before_;
};

// ~/Library/Logs/DiagnosticReports and /Library/Logs/DiagnosticReports, which only macOS has.
std::vector<std::string> crash_report_directories();

}  // namespace sanctum::stress
