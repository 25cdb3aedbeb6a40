// What is wrong now: one entry for each cause, opened once and closed once, however often it is
// seen meanwhile. Each opening and closing is logged and recorded. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "supervisor/journal_row.h"

namespace sanctum::supervisor {

inline constexpr std::size_t kIncidentsMax = 200;  // open at once; what comes beyond them is let go

struct Incident {
  std::string key, level, what;
  std::int64_t since_unix_s = 0;
};

class Incidents {
 public:
  // `record` must not block.
  explicit Incidents(std::function<void(JournalRow)> record) : record_(std::move(record)) {}

  // `level`: warn, error or page. Of one that is open, the words and the level are replaced.
  void open(const std::string& key, const std::string& level, const std::string& what);
  void close(const std::string& key, const std::string& how);
  std::vector<Incident> list() const;

 private:
  const std::function<void(JournalRow)> record_;
  mutable std::mutex mutex_;
  std::map<std::string, Incident> open_;
};

}  // namespace sanctum::supervisor
