// Jobs at times of the calendar: which are due is a pure function of (when it was last asked, now),
// both in local time. A clock that is set back by up to kSetBackMax repeats nothing; one that comes
// back from further ahead was wrong, and counts from where it is now. Time that was slept through
// makes a job due once.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::supervisor {

using LocalTime = std::chrono::local_seconds;

// An hour for the end of summer time, and a day for a journey across time zones.
inline constexpr std::chrono::hours kSetBackMax{25};

struct Schedule {
  std::optional<std::chrono::weekday> day;  // nothing: every day
  std::chrono::minutes at{0};               // since midnight
};

// "daily 04:00", "sun 04:30". Throws Error(kInvalid, ..., `field`).
Schedule parse_schedule(std::string_view text, const std::string& field);
// Whether it falls into (after, until].
bool falls_into(const Schedule& schedule, LocalTime after, LocalTime until);

class Scheduler {
 public:
  void add(std::string name, Schedule schedule);
  // The names of those that are due; to be asked at least once a minute.
  std::vector<std::string> due(LocalTime now);

 private:
  struct Job {
    std::string name;
    Schedule schedule;
  };
  std::vector<Job> jobs_;
  std::optional<LocalTime> asked_;
};

// Of the wall clock, in this machine's time zone.
LocalTime local_now();

}  // namespace sanctum::supervisor
