#include "supervisor/gateway_restart_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/exit_code.h"
#include "base/temporary_lack.h"

namespace sanctum::supervisor {
namespace {

using testing::HasSubstr;

class KeeperPolicy : public testing::Test {
 protected:
  KeeperDecision ends_by(int signal, bool by_probes = false) {
    platform::ExitStatus status;
    status.signal = signal;
    return gateway_ended(state_, status, by_probes ? GatewayEnd::kHung : GatewayEnd::kUnasked,
                         now_);
  }
  void starts() {
    const auto waiting = time_passed(state_, now_);
    if (waiting.start) return;
    ASSERT_NE(waiting.next_timer, Instant::max());
    now_ = waiting.next_timer;
    ASSERT_TRUE(time_passed(state_, now_).start);
  }
  KeeperState state_;
  Instant now_ = Instant() + std::chrono::hours(1);
};

// One seed in fourteen thousand: it came to itself as it was asked to end, left with 0, and the
// server ended with it.
TEST_F(KeeperPolicy, OneThatHungAndThenLeavesWellIsFollowedByAnother) {
  for (const int code : {0, kExitCut}) {
    platform::ExitStatus status;
    status.code = code;
    starts();
    became_ready(state_, now_);
    const auto decision = gateway_ended(state_, status, GatewayEnd::kHung, now_);
    EXPECT_FALSE(decision.exit_code) << code;
  }
  starts();
}

TEST_F(KeeperPolicy, AnExitOfItsOwnIsTheEndOfAll) {
  for (const int code : {0, 3, 64, 69, 78}) {
    starts();
    const auto decision = gateway_ended(state_, {code, 0, false}, GatewayEnd::kAsked, now_);
    EXPECT_EQ(decision.exit_code, code);
    EXPECT_FALSE(decision.start);
    state_ = {};
  }
}

TEST_F(KeeperPolicy, ACrashIsFollowedByAnotherStart) {
  starts();
  became_ready(state_, now_);
  const auto decision = ends_by(SIGSEGV);
  EXPECT_FALSE(decision.exit_code);
  EXPECT_THAT(decision.reason, HasSubstr("SIGSEGV"));
  starts();
}

// SIGTERM to the gateway alone ended the whole server, as if that had been wished.
TEST_F(KeeperPolicy, AnEndThatTheKeeperDidNotAskForIsFollowedByAnotherStart) {
  for (const int code : {0, kExitCut}) {
    starts();
    const auto decision = gateway_ended(state_, {code, 0, false}, GatewayEnd::kUnasked, now_);
    EXPECT_FALSE(decision.exit_code);
    EXPECT_NE(decision.next_timer, Instant::max());
    EXPECT_TRUE(state_.restarts.barren.empty()) << "nothing is wrong with it";
  }
  starts();
  EXPECT_EQ(gateway_ended(state_, {69, 0, false}, GatewayEnd::kUnasked, now_).exit_code, 69);
}

TEST_F(KeeperPolicy, APlannedRestartIsAtOnceAndForgetsWhatWas) {
  starts();
  ends_by(SIGABRT);
  starts();
  EXPECT_TRUE(planned_restart(state_, now_).start);
  EXPECT_TRUE(state_.restarts.barren.empty());
}

// fork() says EAGAIN, or the gateway cannot have its threads: however long it lasts.
TEST_F(KeeperPolicy, WhatTheSystemLacksForAWhileEndsNothing) {
  auto pause = Instant::duration::zero();
  for (int i = 0; i < 50; ++i) {
    starts();
    const auto decision =
        i % 2 == 0 ? gateway_cannot_start(state_, "no more processes", false, now_)
                   : gateway_ended(state_, {kExitTryAgain, 0, false}, GatewayEnd::kUnasked, now_);
    ASSERT_FALSE(decision.exit_code) << i;
    ASSERT_FALSE(decision.start) << i;
    EXPECT_GE(decision.next_timer - now_, pause) << "the pauses grow";
    pause = decision.next_timer - now_;
    EXPECT_LE(pause, kBackoffMax);
  }
  starts();
  became_ready(state_, now_);
  const auto decision = gateway_cannot_start(state_, "no more processes", false, now_);
  EXPECT_LE(decision.next_timer - now_, kBackoffFirst) << "it was of use since then";
}

TEST_F(KeeperPolicy, AProgramThatIsMissingIsTheEnd) {
  starts();
  const auto decision = gateway_cannot_start(state_, "cannot run /gone", true, now_);
  EXPECT_EQ(decision.exit_code, kExitFailure);
  EXPECT_THAT(decision.reason, HasSubstr("/gone"));
}

TEST_F(KeeperPolicy, CrashesThatLeadNowhereAreGivenUp) {
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    starts();
    ASSERT_FALSE(ends_by(SIGABRT).exit_code) << i;
  }
  starts();
  const auto decision = ends_by(SIGABRT);
  EXPECT_EQ(decision.exit_code, kExitFailure);
  EXPECT_THAT(decision.reason, HasSubstr("enough"));
}

TEST_F(KeeperPolicy, WhoIsKilledFromOutsideIsStartedAgainHoweverOften) {
  for (int i = 0; i < 50; ++i) {
    starts();
    ASSERT_FALSE(ends_by(SIGKILL).exit_code) << i;
  }
}

TEST_F(KeeperPolicy, OneThatHangsAtOnceAgainAndAgainIsGivenUp) {
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    starts();
    ASSERT_FALSE(ends_by(SIGKILL, true).exit_code) << i;
  }
  starts();
  EXPECT_EQ(ends_by(SIGKILL, true).exit_code, kExitFailure);
}

}  // namespace
}  // namespace sanctum::supervisor
