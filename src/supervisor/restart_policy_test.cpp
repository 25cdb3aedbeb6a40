#include "supervisor/restart_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = WorkerEvent::Kind;

class RestartPolicy : public testing::Test {
 protected:
  RestartDecision on(Kind kind, int exit_code = -1) {
    return decide(state_, {kind, exit_code, "it crashed"}, now_);
  }
  // Passes the time to the next timer and reports how long that was.
  milliseconds wait_and_start() {
    const RestartDecision waiting = on(Kind::kTimer);
    EXPECT_FALSE(waiting.start);
    const auto pause = std::chrono::duration_cast<milliseconds>(waiting.next_timer - now_);
    now_ = waiting.next_timer;
    EXPECT_TRUE(on(Kind::kTimer).start);
    return pause;
  }
  RestartState state_;
  Instant now_ = Instant() + std::chrono::hours(1);
};

TEST_F(RestartPolicy, StartsOnceAndBecomesReady) {
  EXPECT_TRUE(on(Kind::kTimer).start);
  EXPECT_FALSE(on(Kind::kTimer).start);
  EXPECT_EQ(state_.worker, WorkerState::kStarting);
  on(Kind::kReady);
  EXPECT_EQ(state_.worker, WorkerState::kReady);
  EXPECT_FALSE(on(Kind::kTimer).start);
}

TEST_F(RestartPolicy, CrashesAreRetriedWithGrowingPausesThenParked) {
  on(Kind::kTimer);
  std::vector<long> pauses;
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    on(Kind::kDied);
    EXPECT_EQ(state_.worker, WorkerState::kDead);
    pauses.push_back(static_cast<long>(wait_and_start().count()));
  }
  EXPECT_EQ(pauses, (std::vector<long>{200, 800, 3200, 12800}));
  const auto decision = on(Kind::kDied);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_EQ(decision.next_timer, Instant::max());
  EXPECT_THAT(state_.reason, HasSubstr("it crashed; 5 starts without an answer in 10 minutes"));
  now_ += kStartsWindow * 2;
  EXPECT_FALSE(on(Kind::kTimer).start);
}

TEST_F(RestartPolicy, AWorkerThatAnswersIsRestartedAtOnceUpToAFarLimit) {
  on(Kind::kTimer);
  for (int i = 1; i < kStartsMax; ++i) {
    on(Kind::kReady);
    on(Kind::kAnswered);
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    ASSERT_EQ(wait_and_start(), kBackoffFirst) << i;
  }
  on(Kind::kReady);
  on(Kind::kAnswered);
  on(Kind::kDied);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_THAT(state_.reason, HasSubstr("60 starts in 10 minutes"));
}

TEST_F(RestartPolicy, OldStartsAreForgotten) {
  on(Kind::kTimer);
  for (int i = 0; i < 20; ++i) {
    on(Kind::kReady);
    now_ += std::chrono::minutes(3);
    on(Kind::kDied);
    ASSERT_EQ(state_.worker, WorkerState::kDead) << i;
    EXPECT_EQ(wait_and_start(), kBackoffFirst);  // it had been stable
  }
}

TEST_F(RestartPolicy, AnUnstableWorkerBacksOffFurther) {
  on(Kind::kTimer);
  on(Kind::kReady);
  on(Kind::kDied);
  wait_and_start();
  on(Kind::kReady);
  now_ += kStableAfter - seconds(1);
  on(Kind::kDied);
  EXPECT_EQ(wait_and_start(), kBackoffFirst * kBackoffFactor);
}

TEST_F(RestartPolicy, BadConfigurationAndAMissingProgramPark) {
  on(Kind::kTimer);
  on(Kind::kDied, kExitBadConfiguration);
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
  on(Kind::kDied, kExitBadConfiguration);
  const std::string reason = state_.reason;
  on(Kind::kDied);
  on(Kind::kReady);
  EXPECT_EQ(state_.worker, WorkerState::kParked);
  EXPECT_EQ(state_.reason, reason);
}

}  // namespace
}  // namespace sanctum::supervisor
