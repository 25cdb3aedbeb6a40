#include "supervisor/restart_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/exit_code.h"

namespace sanctum::supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = WorkerEvent::Kind;

MATCHER_P(About, pause, "is within a quarter of " + testing::PrintToString(pause.count()) + " ms") {
  return 4 * arg >= 3 * pause && 4 * arg <= 5 * pause;
}

class RestartPolicy : public testing::Test {
 protected:
  RestartDecision on(Kind kind, int exit_code = -1) {
    return decide(state_, {kind, exit_code, "it crashed", false, 0}, now_);
  }
  RestartDecision killed_from_outside() {
    return decide(state_, {Kind::kDied, -1, "it was killed", true, 0}, now_);
  }
  void becomes_ready() {
    on(Kind::kAnswered);
    EXPECT_EQ(state_.worker, WorkerState::kLoading);
    on(Kind::kLoaded);
    EXPECT_EQ(state_.worker, WorkerState::kReady);
  }
  void dies_after(int tokens) { decide(state_, {Kind::kDied, -1, "", false, tokens}, now_); }
  // Passes the time to the next timer and reports how long that was.
  milliseconds wait_and_start() {
    const RestartDecision waiting = on(Kind::kTimer);
    EXPECT_FALSE(waiting.start);
    const auto pause = std::chrono::duration_cast<milliseconds>(waiting.next_timer - now_);
    now_ = waiting.next_timer;
    EXPECT_TRUE(on(Kind::kTimer).start);
    return pause;
  }
  bool starts_at_once() { return on(Kind::kTimer).start; }
  RestartState state_;
  Instant now_ = Instant() + std::chrono::hours(1);
};

TEST_F(RestartPolicy, StartsOnceAndBecomesReady) {
  EXPECT_TRUE(on(Kind::kTimer).start);
  EXPECT_FALSE(on(Kind::kTimer).start);
  EXPECT_EQ(state_.worker, WorkerState::kStarting);
  EXPECT_FALSE(can_be_asked(state_.worker));
  becomes_ready();
  EXPECT_TRUE(can_be_asked(state_.worker));
  EXPECT_FALSE(on(Kind::kTimer).start);
}

// One model of two never settled, and the other's answers were no use.
TEST_F(RestartPolicy, TokensAreProgressAlsoWhileAModelStillLoads) {
  on(Kind::kTimer);
  for (int i = 0; i < 3 * kBarrenStartsMax; ++i) {
    on(Kind::kAnswered);
    EXPECT_EQ(state_.worker, WorkerState::kLoading);
    dies_after(kProgressTokens);
    EXPECT_EQ(state_.worker, WorkerState::kDead);
    EXPECT_TRUE(starts_at_once());
  }
  on(Kind::kAnswered);
  dies_after(kProgressTokens - 1);
  EXPECT_FALSE(starts_at_once());
}

TEST_F(RestartPolicy, CrashesAreRetriedWithGrowingPausesThenParked) {
  on(Kind::kTimer);
  for (const int expected : {200, 800, 3200, 12800}) {
    on(Kind::kDied);
    EXPECT_EQ(state_.worker, WorkerState::kDead);
    EXPECT_THAT(wait_and_start(), About(milliseconds(expected)));
  }
  const auto decision = on(Kind::kDied);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_EQ(decision.next_timer, Instant::max());
  EXPECT_THAT(state_.reason, HasSubstr("it crashed; 5 starts that led nowhere in 10 minutes"));
  now_ += kStartsWindow * 2;
  EXPECT_FALSE(on(Kind::kTimer).start);
}

TEST_F(RestartPolicy, PausesAreNotAllTheSame) {
  on(Kind::kTimer);
  std::set<milliseconds> pauses;
  for (int i = 0; i < 20; ++i) {
    killed_from_outside();
    pauses.insert(wait_and_start());
  }
  EXPECT_GT(pauses.size(), 10u);
}

TEST_F(RestartPolicy, AParkedWorkerThatIsWantedStartsAfresh) {
  on(Kind::kTimer);
  on(Kind::kCannotStart);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_TRUE(on(Kind::kWanted).start);
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i << ": what was before is forgotten";
    wait_and_start();
  }
}

TEST_F(RestartPolicy, OneThatIsWantedWaitsNoLonger) {
  on(Kind::kTimer);
  on(Kind::kDied);
  EXPECT_TRUE(on(Kind::kWanted).start);
  EXPECT_FALSE(on(Kind::kWanted).start) << "it is starting";
  becomes_ready();
  EXPECT_FALSE(on(Kind::kWanted).start);
}

TEST_F(RestartPolicy, AMissingLibraryIsNotTriedAgain) {
  on(Kind::kTimer);
  on(Kind::kDied, kExitMissingLibrary);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_THAT(state_.reason, HasSubstr("library is missing"));
}

TEST_F(RestartPolicy, AWorkerThatMakesProgressIsRestartedAtOnceHoweverOften) {
  on(Kind::kTimer);
  for (int i = 1; i < 300; ++i) {
    becomes_ready();
    dies_after(kProgressTokens);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    ASSERT_TRUE(starts_at_once()) << i;
  }
}

TEST_F(RestartPolicy, TenSecondsOfBeingReadyAreProgress) {
  on(Kind::kTimer);
  for (int i = 0; i < 20; ++i) {
    becomes_ready();
    now_ += kProgressAfter;
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    ASSERT_TRUE(starts_at_once()) << i;
  }
}

TEST_F(RestartPolicy, AFewTokensAreNoProgress) {
  on(Kind::kTimer);
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    becomes_ready();
    now_ += kProgressAfter - milliseconds(1);
    dies_after(kProgressTokens - 1);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    wait_and_start();
  }
  becomes_ready();
  dies_after(kProgressTokens - 1);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
}

TEST_F(RestartPolicy, BeingReadyInAnEarlierLifeDoesNotCount) {
  on(Kind::kTimer);
  becomes_ready();
  now_ += kProgressAfter;
  on(Kind::kDied);
  EXPECT_TRUE(starts_at_once());
  on(Kind::kAnswered);
  now_ += kProgressAfter;
  on(Kind::kDied);
  EXPECT_EQ(state_.barren.size(), 1u);
}

TEST_F(RestartPolicy, TimeOfStandingStillIsNoProgress) {
  on(Kind::kTimer);
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    becomes_ready();
    now_ += std::chrono::minutes(1);
    on(Kind::kStuck);
    EXPECT_EQ(state_.worker, WorkerState::kWedged);
    EXPECT_FALSE(can_be_asked(state_.worker));
    on(Kind::kDied);
    EXPECT_EQ(state_.worker, WorkerState::kDead) << i;
    wait_and_start();
  }
  becomes_ready();
  on(Kind::kStuck);
  on(Kind::kDied);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
}

TEST_F(RestartPolicy, WhatWeStopIsNotStartedAgain) {
  on(Kind::kTimer);
  becomes_ready();
  on(Kind::kStop);
  EXPECT_EQ(state_.worker, WorkerState::kDraining);
  EXPECT_EQ(on(Kind::kDied).next_timer, Instant::max());
  EXPECT_EQ(state_.worker, WorkerState::kAbsent);
}

TEST_F(RestartPolicy, AKillFromOutsideIsNoPartOfACrashLoop) {
  on(Kind::kTimer);
  for (int i = 0; i < 100; ++i) {
    killed_from_outside();
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    ASSERT_THAT(wait_and_start(), About(kBackoffFirst)) << i;
  }
}

// Those behind which there was a life of use.
TEST_F(RestartPolicy, OldStartsAreForgotten) {
  on(Kind::kTimer);
  for (int i = 0; i < 20; ++i) {
    now_ += std::chrono::minutes(3);
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    wait_and_start();
    becomes_ready();
    now_ += kProgressAfter;
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    ASSERT_TRUE(starts_at_once()) << i;
  }
}

// Five of two minutes are not within ten, and it loaded gigabytes for ever.
TEST_F(RestartPolicy, LivesOfMinutesThatLeadNowhereAddUpToACrashLoop) {
  on(Kind::kTimer);
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    on(Kind::kAnswered);
    now_ += std::chrono::minutes(i % 2 == 0 ? 2 : 40);
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    wait_and_start();
  }
  on(Kind::kAnswered);
  now_ += std::chrono::minutes(2);
  on(Kind::kDied);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_THAT(state_.reason, HasSubstr("it crashed; 5 starts in a row that led nowhere"));
}

TEST_F(RestartPolicy, ALifeOfUseBetweenThemEndsARowOfStartsThatLedNowhere) {
  on(Kind::kTimer);
  for (int i = 1; i < 4 * kBarrenStartsMax; ++i) {
    const bool of_use = i % kBarrenStartsMax == 0;
    if (of_use) becomes_ready();
    now_ += std::chrono::minutes(2);
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    if (of_use) {
      ASSERT_TRUE(starts_at_once()) << i;
    } else {
      wait_and_start();
    }
  }
}

// Each of these lives was of use, so it goes on; but not for weeks without a word to anybody.
TEST_F(RestartPolicy, DeathsOfItsOwnAddUpAlsoAfterProgress) {
  on(Kind::kTimer);
  for (std::size_t i = 1; i <= 3 * kUnsteadyDeaths; ++i) {
    becomes_ready();
    now_ += std::chrono::minutes(2);
    on(Kind::kDied);
    EXPECT_EQ(is_unsteady(state_, now_), i >= kUnsteadyDeaths) << i;
    ASSERT_TRUE(starts_at_once()) << i;
  }
  EXPECT_TRUE(is_unsteady(state_, now_ + std::chrono::minutes(30)));
  EXPECT_FALSE(is_unsteady(state_, now_ + kUnsteadyWindow)) << "it is steady again";
}

TEST_F(RestartPolicy, KillsFromOutsideMakeNobodyUnsteady) {
  on(Kind::kTimer);
  for (int i = 0; i < 100; ++i) {
    becomes_ready();
    killed_from_outside();
    EXPECT_FALSE(is_unsteady(state_, now_)) << i;
    wait_and_start();
  }
}

TEST_F(RestartPolicy, BadConfigurationAndAMissingProgramPark) {
  on(Kind::kTimer);
  on(Kind::kDied, kExitConfiguration);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_THAT(state_.reason, HasSubstr("bad configuration"));

  state_ = {};
  on(Kind::kTimer);
  EXPECT_EQ(on(Kind::kCannotStart).next_timer, Instant::max());
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_EQ(state_.reason, "it crashed");
}

TEST_F(RestartPolicy, AParkedWorkerStaysParked) {
  on(Kind::kTimer);
  on(Kind::kDied, kExitConfiguration);
  const std::string reason = state_.reason;
  on(Kind::kDied);
  on(Kind::kAnswered);
  on(Kind::kLoaded);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_EQ(state_.reason, reason);
}

}  // namespace
}  // namespace sanctum::supervisor
