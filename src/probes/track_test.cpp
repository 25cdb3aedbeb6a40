#include "probes/track.h"

#include <gtest/gtest.h>

#include <vector>

namespace sanctum::probes {
namespace {

using std::chrono::milliseconds;

class TrackTest : public testing::Test {
 protected:
  TrackDecision fails(const std::string& label = {}) {
    return run_ended(state_, {false, label}, now_, limits_);
  }
  TrackDecision passes() { return run_ended(state_, {true, {}}, now_, limits_); }
  TrackState state_;
  TrackLimits limits_;
  Instant now_ = Instant() + std::chrono::hours(1);
};

TEST_F(TrackTest, ClimbsRungByRungAndSaysSoOnce) {
  limits_.warn_after = 2;
  std::vector<Rung> rungs;
  std::vector<int> said, acted;
  for (int i = 1; i <= 12; ++i) {
    const TrackDecision decision = fails();
    rungs.push_back(decision.rung);
    if (decision.climbed) said.push_back(i);
    if (decision.act) acted.push_back(i);
  }
  using enum Rung;
  EXPECT_EQ(rungs, (std::vector{kObserve, kWarn, kAct, kAct, kPage, kPage, kPage, kPage, kPage,
                                kPage, kPage, kPage}));
  EXPECT_EQ(said, (std::vector{1, 2, 3, 5}));
  EXPECT_EQ(acted, (std::vector{3, 6})) << "what is acted upon is given time to come back";
}

TEST_F(TrackTest, OnePassEndsIt) {
  EXPECT_FALSE(passes().recovered);
  EXPECT_EQ(state_.next, now_ + limits_.every);
  fails();
  EXPECT_EQ(state_.next, now_ + limits_.again);
  EXPECT_TRUE(passes().recovered);
  EXPECT_EQ(state_.failures, 0);
  EXPECT_EQ(fails().rung, Rung::kWarn) << "it begins anew";
}

TEST_F(TrackTest, AnObservedFailureIsNoIncidentThatCouldEnd) {
  limits_.warn_after = 2;
  fails();
  EXPECT_FALSE(passes().recovered);
}

TEST_F(TrackTest, AFailureUnderALabelNeverActs) {
  for (int i = 0; i < 20; ++i) {
    const TrackDecision decision = fails("swapping");
    ASSERT_FALSE(decision.act);
    ASSERT_EQ(decision.rung, Rung::kWarn);
  }
  EXPECT_EQ(state_.failures, 1);
  fails();
  EXPECT_TRUE(fails().act) << "without the label it counts";
  EXPECT_EQ(fails("swapping").rung, Rung::kAct) << "a label takes nothing back";
}

TEST_F(TrackTest, ATrackMayHaveNoRungThatActs) {
  limits_.act_after = 0;
  limits_.page_after = 1;
  for (int i = 0; i < 5; ++i) {
    const TrackDecision decision = fails();
    EXPECT_EQ(decision.rung, Rung::kPage);
    EXPECT_FALSE(decision.act);
  }
}

}  // namespace
}  // namespace sanctum::probes
