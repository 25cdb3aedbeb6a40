// The record of what happened: journal.db in the state directory (SQLite, write-ahead log).
//
// Contract: record() never waits and never fails. One writer thread commits what has
// gathered, as soon as it can; a process that is killed loses what it had not committed yet, a few
// milliseconds' worth. What the disk refuses stays in memory, up to kPendingMax entries of which
// the oldest are let go and counted, and is tried again every kRetryEvery; `trouble` is told once
// when it begins and once when it is over, and serving goes on. A damaged file is moved aside and a
// new one begun, by one of the processes that write it: under a lock (journal.lock), and only if
// the file that lies there then is damaged. The others go on in the new one. Old rows are deleted
// beyond kRowsMax of a table. Thread rule: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/journal_row.h"

namespace sanctum::supervisor {

inline constexpr std::size_t kPendingMax = 10'000;
inline constexpr std::chrono::seconds kRetryEvery{5};
inline constexpr std::int64_t kRowsMax = 200'000;  // of each table

struct JournalTrouble {
  bool over = false;
  std::string what;
  std::string moved_to = {};  // where a damaged file was moved
};

class Journal {
 public:
  Journal(const std::string& state_directory, std::function<void(const JournalTrouble&)> trouble);
  // Commits what is pending, if the disk takes it.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void record(JournalRow row);
  // False when the limit ran out before all that was recorded so far was committed.
  bool flush(std::chrono::milliseconds limit);

  // Requests that a server accepted and did not end, told once. For who records requests, before
  // the first one.
  std::vector<RequestBegun> take_unanswered();
  // Where a file that was found damaged at the start was moved to; empty if none was. Later ones
  // are told as trouble.
  const std::string& moved_aside() const;

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace sanctum::supervisor
