#include "hub/retry_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::hub {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const Instant kNow{seconds(1000)};

TEST(RetryPolicy, PausesGrowAndEnd) {
  RetryState state;
  milliseconds before{0};
  for (int i = 0; i < kFailuresMax; ++i) {
    const auto decision = after_failure(state, {}, kNow);
    ASSERT_TRUE(decision.again) << i;
    const auto pause = std::chrono::duration_cast<milliseconds>(decision.at - kNow);
    EXPECT_GT(pause, before);
    EXPECT_LE(pause, kPauseMax);
    before = pause;
  }
  const auto last = after_failure(state, {}, kNow);
  EXPECT_FALSE(last.again);
  EXPECT_THAT(last.given_up, HasSubstr("6 times"));
}

TEST(RetryPolicy, ALineThatBreaksAndBringsSomethingIsNeverGivenUp) {
  RetryState state;
  for (int i = 0; i < 100; ++i) {
    const auto decision = after_failure(state, {Trouble::kBroken, true, {}}, kNow);
    ASSERT_TRUE(decision.again);
    EXPECT_EQ(decision.at, kNow + kFirstPause);
  }
}

TEST(RetryPolicy, TheHubSaysWhenUpToALimit) {
  RetryState state;
  auto decision = after_failure(state, {Trouble::kBusy, false, seconds(42)}, kNow);
  EXPECT_TRUE(decision.again);
  EXPECT_EQ(decision.at, kNow + seconds(42));
  decision = after_failure(state, {Trouble::kBusy, false, minutes(6)}, kNow);
  EXPECT_FALSE(decision.again);
  EXPECT_THAT(decision.given_up, HasSubstr("360 s"));
}

TEST(RetryPolicy, TheHubIsNotWaitedForForEver) {
  RetryState state;
  int waits = 0;
  while (after_failure(state, {Trouble::kBusy, true, minutes(5)}, kNow).again) ++waits;
  EXPECT_EQ(waits, kWaitedForHubMax / kRetryAfterMax);
}

TEST(RetryPolicy, WhatIsDamagedIsLoadedOnceMore) {
  RetryState state;
  const auto decision = after_failure(state, {Trouble::kDamaged, false, {}}, kNow);
  EXPECT_TRUE(decision.again);
  EXPECT_EQ(decision.at, kNow);
  EXPECT_FALSE(after_failure(state, {Trouble::kDamaged, false, {}}, kNow).again);
}

TEST(RetryPolicy, WhomTheStoreTurnsAwayAsksTheHubAgainAndNotForLong) {
  RetryState state;
  for (int i = 1; i < kTurnedAwayMax; ++i)
    EXPECT_TRUE(after_failure(state, {Trouble::kTurnedAway, false, {}}, kNow).again) << i;
  EXPECT_FALSE(after_failure(state, {Trouble::kTurnedAway, false, {}}, kNow).again);
  state = {};
  for (int i = 0; i < 3 * kTurnedAwayMax; ++i) {  // addresses that are good for a while each
    EXPECT_TRUE(after_failure(state, {Trouble::kTurnedAway, false, {}}, kNow).again) << i;
    EXPECT_TRUE(after_failure(state, {Trouble::kBroken, true, {}}, kNow).again) << i;
  }
}

}  // namespace
}  // namespace sanctum::hub
