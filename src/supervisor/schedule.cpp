#include "supervisor/schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "base/error.h"

namespace sanctum::supervisor {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr int kHours = 24, kMinutes = 60;
constexpr days kFarthest{8};  // a week, and the day it began in

// Two digits below `limit`.
std::optional<int> number(std::string_view text, int limit) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && text.size() == 2;
  return whole && value >= 0 && value < limit ? std::optional(value) : std::nullopt;
}

}  // namespace

Schedule parse_schedule(std::string_view text, const std::string& field) {
  const auto fail = [&]() {
    throw Error(
        ErrorCode::kInvalid,
        field + " must be like \"daily 04:00\" or \"sun 04:30\", not \"" + std::string(text) + "\"",
        field);
  };
  Schedule schedule;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.size() != space + 6 || text[space + 3] != ':') fail();
  const auto hour = number(text.substr(space + 1, 2), kHours);
  const auto minute = number(text.substr(space + 4, 2), kMinutes);
  if (!hour || !minute) fail();
  schedule.at = std::chrono::hours(*hour) + minutes(*minute);
  const std::string_view day = text.substr(0, space);
  if (day == "daily") return schedule;
  const auto found = std::find(kDays.begin(), kDays.end(), day);
  if (found == kDays.end()) fail();
  schedule.day = std::chrono::weekday(static_cast<unsigned>(found - kDays.begin()));
  return schedule;
}

bool falls_into(const Schedule& schedule, LocalTime after, LocalTime until) {
  const auto last = std::chrono::floor<days>(until);
  const auto first = std::max(std::chrono::floor<days>(after), last - kFarthest);
  for (auto day = first; day <= last; day += days(1)) {
    if (schedule.day && std::chrono::weekday(day) != *schedule.day) continue;
    const LocalTime moment = day + schedule.at;
    if (moment > after && moment <= until) return true;
  }
  return false;
}

void Scheduler::add(std::string name, Schedule schedule) {
  jobs_.push_back({std::move(name), schedule});
}

std::vector<std::string> Scheduler::due(LocalTime now) {
  std::vector<std::string> names;
  if (asked_ && now > *asked_) {
    for (const auto& job : jobs_) {
      if (falls_into(job.schedule, *asked_, now)) names.push_back(job.name);
    }
  }
  const bool repeats = asked_ && now < *asked_ && *asked_ - now <= kSetBackMax;
  if (!repeats) asked_ = now;
  return names;
}

LocalTime local_now() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return LocalTime(std::chrono::seconds(::timegm(&local)));
}

}  // namespace sanctum::supervisor
