#include "gateway/recent_speed.h"

#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

using std::chrono::milliseconds;

Instant at(int ms) {
  return Instant(std::chrono::seconds(1000)) + milliseconds(ms);
}

TEST(RecentSpeed, IsAMeanOverTheLastSecondsAndForgetsWhatCameBefore) {
  RecentSpeed speed;
  EXPECT_EQ(speed.told(at(0)).now, 0);
  speed.generated(30, at(100));
  speed.generated(20, at(900));
  speed.generated(50, at(5000));
  EXPECT_EQ(speed.told(at(5100)).now, 10);
  EXPECT_EQ(speed.told(at(9900)).now, 10);
  EXPECT_EQ(speed.told(at(10000)).now, 5);
  EXPECT_EQ(speed.told(at(15000)).now, 0);
  speed.generated(10, at(20500));  // the place of the first second is used again
  EXPECT_EQ(speed.told(at(20600)).now, 1);
}

TEST(RecentSpeed, OfTheLastAnswerWithoutWhatWasCached) {
  RecentSpeed speed;
  EXPECT_FALSE(speed.told(at(0)).prompt);
  wire::Completed completed;
  completed.usage = {.prompt_tokens = 150, .completion_tokens = 21, .cached_tokens = 50};
  completed.timings = {.prefill_us = 500'000, .decode_us = 1'000'000};
  speed.answered(completed);
  EXPECT_EQ(speed.told(at(0)).prompt, 200);
  EXPECT_EQ(speed.told(at(0)).decode, 20);
  completed.usage = {.prompt_tokens = 50, .completion_tokens = 1, .cached_tokens = 50};
  speed.answered(completed);  // tells of neither
  EXPECT_EQ(speed.told(at(0)).prompt, 200);
  EXPECT_EQ(speed.told(at(0)).decode, 20);
}

}  // namespace
}  // namespace sanctum::gateway
