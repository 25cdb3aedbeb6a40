#include "supervisor/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::supervisor {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// A Sunday, at midnight.
const LocalTime kSunday = std::chrono::local_days(2026y / 11 / 22);

TEST(Schedule, IsReadAndRefused) {
  EXPECT_EQ(parse_schedule("daily 04:05", "x").at, 4h + 5min);
  EXPECT_FALSE(parse_schedule("daily 04:05", "x").day);
  EXPECT_EQ(parse_schedule("mon 23:59", "x").day, std::chrono::Monday);
  for (const char* text : {"", "daily", "daily 4:00", "daily 24:00", "daily 04:60", "never 04:00",
                           "daily 04:00 ", "daily 0a:00", "daily -1:00"})
    EXPECT_THROW(parse_schedule(text, "restart_at"), Error) << text;
}

TEST(Schedule, FallsOnItsDayAndMinute) {
  const Schedule sunday = parse_schedule("sun 04:30", "x"),
                 daily = parse_schedule("daily 04:30", "x");
  const LocalTime moment = kSunday + 4h + 30min;
  EXPECT_TRUE(falls_into(sunday, moment - 1s, moment));
  EXPECT_FALSE(falls_into(sunday, moment, moment + 24h)) << "once";
  EXPECT_TRUE(falls_into(daily, moment, moment + 24h));
  EXPECT_TRUE(falls_into(sunday, moment, moment + 24h * 7));
  EXPECT_TRUE(falls_into(sunday, moment, moment + 24h * 400)) << "slept through";
}

TEST(Schedule, AJobIsDueOnce) {
  Scheduler scheduler;
  scheduler.add("restart", parse_schedule("sun 04:30", "x"));
  scheduler.add("report", parse_schedule("daily 04:30", "x"));
  const LocalTime moment = kSunday + 4h + 30min;
  EXPECT_THAT(scheduler.due(moment + 1h), IsEmpty()) << "nothing is made up for at the start";
  EXPECT_THAT(scheduler.due(moment + 24h), ElementsAre("report"));
  EXPECT_THAT(scheduler.due(moment + 24h + 1s), IsEmpty());
  EXPECT_THAT(scheduler.due(moment + 24h * 7), ElementsAre("restart", "report"));
}

TEST(Schedule, AClockThatIsSetBackRepeatsNothing) {
  Scheduler scheduler;
  scheduler.add("restart", parse_schedule("daily 04:30", "x"));
  const LocalTime moment = kSunday + 4h + 30min;
  scheduler.due(moment - 1min);
  EXPECT_THAT(scheduler.due(moment), ElementsAre("restart"));
  EXPECT_THAT(scheduler.due(moment - 1h), IsEmpty());
  EXPECT_THAT(scheduler.due(moment), IsEmpty());
  EXPECT_THAT(scheduler.due(moment + 24h), ElementsAre("restart"));
}

// Of 2038 for a moment: planned restarts were silent for years.
TEST(Schedule, AClockThatWasWronglyAheadSilencesNothing) {
  Scheduler scheduler;
  scheduler.add("restart", parse_schedule("daily 04:30", "x"));
  const LocalTime moment = kSunday + 4h + 30min;
  scheduler.due(moment - 2h);
  EXPECT_THAT(scheduler.due(moment + 24h * 365 * 12), ElementsAre("restart"));
  EXPECT_THAT(scheduler.due(moment - 1h), IsEmpty());
  EXPECT_THAT(scheduler.due(moment), ElementsAre("restart"));
  EXPECT_THAT(scheduler.due(moment + 24h), ElementsAre("restart"));
}

TEST(Schedule, OneThatWasADayAheadSilencesADayAtMost) {
  Scheduler scheduler;
  scheduler.add("restart", parse_schedule("daily 04:30", "x"));
  const LocalTime moment = kSunday + 4h + 30min;
  scheduler.due(moment - 2h);
  EXPECT_THAT(scheduler.due(moment + 20h), ElementsAre("restart"));
  EXPECT_THAT(scheduler.due(moment), IsEmpty()) << "it was today's";
  EXPECT_THAT(scheduler.due(moment + 24h), ElementsAre("restart"));
}

}  // namespace
}  // namespace sanctum::supervisor
