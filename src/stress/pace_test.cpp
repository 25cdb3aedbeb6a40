#include "stress/pace.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::stress {
namespace {

using namespace std::chrono_literals;

TEST(Pace, BackoffDoublesUpToItsLimit) {
  EXPECT_EQ(backoff(0), 0ms);
  EXPECT_EQ(backoff(1), 50ms);
  EXPECT_EQ(backoff(2), 100ms);
  EXPECT_EQ(backoff(6), 1600ms);
  EXPECT_EQ(backoff(7), kBackoffMax);
  EXPECT_EQ(backoff(1'000'000), kBackoffMax);
}

TEST(Pace, RefusalsWaitAsAskedWithinBounds) {
  EXPECT_EQ(refusal_wait(std::nullopt), kRetryAfterDefault);
  EXPECT_EQ(refusal_wait(2s), 2s);
  EXPECT_EQ(refusal_wait(0ms), kBackoffFirst);
  EXPECT_EQ(refusal_wait(1h), kRetryAfterMax);
}

TEST(Pace, Durations) {
  EXPECT_EQ(parse_duration("300s"), 300s);
  EXPECT_EQ(parse_duration("90"), 90s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  for (const char* bad : {"", "s", "0s", "-5s", "5 s", "1.5s", "5d", "200h", "99999999999999999999",
                          "9223372036854775807h"}) {
    EXPECT_THROW(parse_duration(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace sanctum::stress
