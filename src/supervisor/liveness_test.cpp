#include "supervisor/liveness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using wire::Phase;

class Liveness : public testing::Test {
 protected:
  // Looks every kLookEvery for so long; says when it was found stuck, and why.
  std::optional<milliseconds> watch(milliseconds time) {
    for (milliseconds passed{0}; passed < time; passed += kLookEvery) {
      now_ += kLookEvery;
      if (beating_) ++pulse_.beats;
      if (step_.count() > 0) {
        since_step_ += kLookEvery;
        while (since_step_ >= step_) {
          since_step_ -= step_;
          ++pulse_.progress;
        }
      }
      if (const auto stuck = look(state_, pulse_, stopped_, now_, {})) {
        reason_ = stuck->reason;
        from_outside_ = stuck->from_outside;
        return passed + kLookEvery;
      }
    }
    return std::nullopt;
  }
  void working(Phase phase, milliseconds step) {
    pulse_.phase = phase;
    pulse_.in_flight = 3;
    step_ = step;
    since_step_ = milliseconds(0);
  }

  Instant now_ = Instant() + std::chrono::hours(1);
  LivenessState state_ = begin_life(now_);
  wire::Pulse pulse_{true, Phase::kIdle, 0, 0, 0};
  bool beating_ = true, stopped_ = false;
  milliseconds step_{0}, since_step_{0};
  std::string reason_;
  bool from_outside_ = false;
};

TEST_F(Liveness, RestIsNoStandstill) {
  EXPECT_FALSE(watch(minutes(60))) << reason_;
}

TEST_F(Liveness, AStoppedProcessIsFoundWithinFiveSeconds) {
  watch(seconds(10));
  beating_ = false;
  stopped_ = true;
  const auto found = watch(seconds(20));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, seconds(5));
  EXPECT_TRUE(from_outside_);
}

TEST_F(Liveness, AStarvedProcessIsGivenMoreTime) {
  beating_ = false;
  EXPECT_FALSE(watch(seconds(14)));
  EXPECT_TRUE(watch(seconds(2)));
  EXPECT_FALSE(from_outside_);
}

TEST_F(Liveness, ADecodeThatStandsStillIsFoundThoughItBeats) {
  working(Phase::kDecode, milliseconds(20));
  EXPECT_FALSE(watch(minutes(5)));
  step_ = milliseconds(0);
  const auto found = watch(seconds(20));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, milliseconds(5500));
  EXPECT_THAT(reason_, HasSubstr("decode, 3 requests"));
  EXPECT_FALSE(from_outside_);
}

TEST_F(Liveness, ADecodeOfSlowStepsHasTwentyOfThem) {
  working(Phase::kDecode, seconds(2));
  EXPECT_FALSE(watch(minutes(2)));
  step_ = milliseconds(0);
  const auto found = watch(minutes(2));
  ASSERT_TRUE(found);
  EXPECT_GE(*found, seconds(38));
  EXPECT_LE(*found, seconds(42));
}

TEST_F(Liveness, AnHourOfPrefillIsLegitimateAsLongAsItsChunksCome) {
  working(Phase::kPrefill, seconds(40));
  EXPECT_FALSE(watch(minutes(60)));
  step_ = milliseconds(0);
  EXPECT_TRUE(watch(seconds(50)));
}

TEST_F(Liveness, ALoadIsExtendedByItsPiecesAlone) {
  pulse_.phase = Phase::kLoad;
  step_ = seconds(100);
  EXPECT_FALSE(watch(minutes(60)));
  step_ = milliseconds(0);
  EXPECT_TRUE(watch(seconds(125)));
}

// A device that hung as it came up was at "loading" for ever: nothing counted its first load.
TEST_F(Liveness, ALoadThatTheDeviceDoesNotBeginIsFound) {
  pulse_.loads = 1;
  EXPECT_FALSE(watch(seconds(119))) << reason_;
  EXPECT_TRUE(watch(seconds(2)));
  EXPECT_THAT(reason_, HasSubstr("no progress"));
}

TEST_F(Liveness, TimeAtRestIsNoPartOfAStandstill) {
  working(Phase::kDecode, milliseconds(20));
  watch(seconds(10));
  pulse_ = {true, Phase::kIdle, pulse_.beats, pulse_.progress, 0};
  step_ = milliseconds(0);
  watch(minutes(10));
  working(Phase::kDecode, milliseconds(0));
  EXPECT_FALSE(watch(seconds(4)));
  EXPECT_TRUE(watch(seconds(2)));
}

TEST_F(Liveness, ARequestThatNeverReachesTheDeviceIsFound) {
  pulse_.in_flight = 1;
  EXPECT_FALSE(watch(seconds(29)));
  EXPECT_TRUE(watch(seconds(3)));
}

TEST_F(Liveness, AMachineThatSleptBlamesNobody) {
  working(Phase::kDecode, milliseconds(20));
  watch(seconds(10));
  for (const auto jump :
       {std::chrono::duration_cast<seconds>(std::chrono::hours(8)), seconds(30)}) {
    now_ += jump;
    EXPECT_FALSE(look(state_, pulse_, false, now_, {}));
    EXPECT_FALSE(watch(seconds(20)));
  }
}

TEST_F(Liveness, AnEngineThatNeverBeginsIsFound) {
  pulse_.begun = false;
  beating_ = false;
  EXPECT_FALSE(watch(seconds(59)));
  EXPECT_TRUE(watch(seconds(3)));
  EXPECT_THAT(reason_, HasSubstr("not begun"));
}

}  // namespace
}  // namespace sanctum::supervisor
