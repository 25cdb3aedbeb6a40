#include "supervisor/worker_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace sanctum::supervisor {
namespace {

using namespace worker_event;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct Spelled {
  std::string operator()(const worker_action::Spawn&) const { return "spawn"; }
  std::string operator()(const worker_action::Greet&) const { return "greet"; }
  std::string operator()(const worker_action::Load& a) const { return "+" + a.model; }
  std::string operator()(const worker_action::Unload& a) const { return "-" + a.model; }
  std::string operator()(const worker_action::CloseSocket&) const { return "close"; }
  std::string operator()(const worker_action::Signal& a) const {
    return platform::signal_name(a.number);
  }
  std::string operator()(const worker_action::TellReady&) const { return "ready"; }
  std::string operator()(const worker_action::TellDied& a) const {
    return a.death.from_outside ? "died from outside" : "died";
  }
  std::string operator()(const worker_action::TellParked&) const { return "parked"; }
};

class Machine : public testing::Test {
 protected:
  // What it wants done, in order, as words.
  std::string on(const WorkerInput& input) {
    std::string out;
    for (const auto& output : machine_.on(input, now_)) {
      out += (out.empty() ? "" : " ") + std::visit(Spelled{}, output);
      if (const auto* died = std::get_if<worker_action::TellDied>(&output)) death_ = died->death;
    }
    return out;
  }
  // Lets the time pass up to the next thing that happens by itself.
  std::string wait() {
    now_ = std::max(now_, machine_.next_time());
    return on(Time{});
  }
  void becomes_ready() {
    EXPECT_EQ(on(Spawned{}), "");
    EXPECT_EQ(machine_.state(), WorkerState::kStarting);
    EXPECT_EQ(on(Answered{}), "greet +a +b ready");
    EXPECT_EQ(machine_.state(), WorkerState::kLoading);
    on(ModelSettled{"a", LoadEnd::kGood});
    EXPECT_EQ(machine_.state(), WorkerState::kLoading) << "one of two";
    on(ModelSettled{"b", LoadEnd::kFailed});
    EXPECT_EQ(machine_.state(), WorkerState::kReady);
  }
  // It beats, and works without getting anywhere.
  std::string stands_still(milliseconds time) {
    std::string out;
    for (milliseconds passed{0}; passed < time && out.empty(); passed += kLookEvery) {
      now_ += kLookEvery;
      ++pulse_.beats;
      out = on(Seen{pulse_, false});
    }
    return out;
  }
  static Exited by_signal(int number) {
    Exited exited;
    exited.status.signal = number;
    return exited;
  }

  WorkerMachine machine_{{"a", "b"}};
  Instant now_ = Instant() + std::chrono::hours(1);
  wire::Pulse pulse_{true, wire::Phase::kDecode, 0, 0, 1};
  Death death_;
};

TEST_F(Machine, StartsAsksAndIsReady) {
  EXPECT_EQ(on(Time{}), "spawn");
  EXPECT_EQ(on(Time{}), "") << "one at a time";
  becomes_ready();
  EXPECT_TRUE(machine_.alive());
  EXPECT_EQ(machine_.next_time(), Instant::max());
}

TEST_F(Machine, AModelComesAndGoesAsItIsWanted) {
  on(Time{});
  EXPECT_EQ(on(ModelWanted{"b", false}), "") << "nobody can be asked yet";
  EXPECT_EQ(on(Spawned{}), "");
  EXPECT_EQ(on(Answered{}), "greet +a ready");
  on(ModelSettled{"a", LoadEnd::kGood});
  EXPECT_EQ(machine_.state(), WorkerState::kReady) << "the other is not wanted";
  EXPECT_EQ(on(ModelWanted{"b", true}), "+b");
  EXPECT_EQ(machine_.state(), WorkerState::kReady) << "it goes on with the one that there is";
  EXPECT_EQ(on(ModelSettled{"b", LoadEnd::kGood}), "");
  EXPECT_EQ(on(ModelWanted{"a", false}), "-a");
  EXPECT_EQ(on(ModelSettled{"a", LoadEnd::kGood}), "");
  on(SocketEnded{});
  on(by_signal(SIGSEGV));
  EXPECT_EQ(wait(), "spawn");
  on(Spawned{});
  EXPECT_EQ(on(Answered{}), "greet +b ready") << "what was wanted last";
}

TEST_F(Machine, ALoadThatLackedSomethingIsTriedAgainWhileTheOthersServe) {
  on(Time{});
  on(Spawned{});
  EXPECT_EQ(on(Answered{}), "greet +a +b ready");
  on(ModelSettled{"a", LoadEnd::kGood});
  on(ModelSettled{"b", LoadEnd::kLacked});
  EXPECT_EQ(machine_.state(), WorkerState::kReady);
  EXPECT_EQ(machine_.next_time(), now_ + kLoadAgainFirst);
  EXPECT_EQ(on(Time{}), "");
  now_ += kLoadAgainFirst;
  EXPECT_EQ(on(Time{}), "+b");
  EXPECT_EQ(machine_.state(), WorkerState::kReady);
  EXPECT_EQ(on(ModelSettled{"b", LoadEnd::kGood}), "");
  EXPECT_EQ(machine_.next_time(), Instant::max());
}

TEST_F(Machine, ACrashIsFollowedByAnotherStartOnceItIsGone) {
  on(Time{});
  becomes_ready();
  EXPECT_EQ(on(SocketEnded{}), "close");
  EXPECT_FALSE(machine_.alive());
  EXPECT_EQ(on(SocketEnded{}), "");
  Exited exited = by_signal(SIGSEGV);
  exited.suspects = {7};
  EXPECT_EQ(on(exited), "died");
  EXPECT_THAT(death_.reason, HasSubstr("SIGSEGV"));
  EXPECT_EQ(death_.suspects, (std::vector<std::uint64_t>{7}));
  EXPECT_EQ(machine_.state(), WorkerState::kDead);
  EXPECT_GE(machine_.next_time(), now_ + kBackoffFirst * 3 / 4);
  EXPECT_LE(machine_.next_time(), now_ + kBackoffFirst * 5 / 4);
  EXPECT_EQ(wait(), "spawn");
  becomes_ready();
}

TEST_F(Machine, ARetiredOneIsFollowedByAnotherAtOnceAndNobodyIsToBlame) {
  on(Time{});
  EXPECT_EQ(on(Retired{}), "") << "there is none yet";
  becomes_ready();
  EXPECT_EQ(on(Retired{}), "close SIGTERM");
  EXPECT_EQ(machine_.state(), WorkerState::kDraining);
  EXPECT_EQ(on(Retired{}), "");
  Exited exited;
  exited.suspects = {7};
  EXPECT_EQ(on(exited), "died from outside");
  EXPECT_EQ(machine_.next_time(), now_);
  EXPECT_EQ(wait(), "spawn");
  becomes_ready();
}

TEST_F(Machine, ARetiredOneThatIsStoppedIsNotFollowed) {
  on(Time{});
  becomes_ready();
  on(Retired{});
  EXPECT_EQ(on(Stop{}), "") << "it ends already";
  EXPECT_EQ(on(Exited{}), "");
  EXPECT_EQ(machine_.state(), WorkerState::kAbsent);
  EXPECT_EQ(machine_.next_time(), Instant::max());
}

TEST_F(Machine, IsStartedAfreshWhenItIsWanted) {
  on(Time{});
  EXPECT_EQ(on(CannotStart{"no such program", true}), "parked");
  EXPECT_EQ(on(Time{}), "");
  EXPECT_EQ(on(Wanted{}), "spawn");
  EXPECT_EQ(on(Wanted{}), "") << "one at a time";
  becomes_ready();
  EXPECT_EQ(on(Wanted{}), "");
}

TEST_F(Machine, WhoseSocketEndedAndWhoStaysIsEndedByDegrees) {
  on(Time{});
  becomes_ready();
  on(SocketEnded{});
  EXPECT_EQ(on(Time{}), "") << "it is given time to leave";
  EXPECT_EQ(wait(), "SIGTERM");
  EXPECT_EQ(wait(), "SIGKILL");
  EXPECT_EQ(wait(), "SIGKILL") << "until it is gone";
  EXPECT_TRUE(machine_.ending());
  EXPECT_EQ(on(by_signal(SIGKILL)), "died") << "ours, and not from outside";
}

TEST_F(Machine, OneThatStandsStillIsWedgedEndedAndReplaced) {
  on(Time{});
  becomes_ready();
  EXPECT_EQ(stands_still(seconds(10)), "close SIGTERM");
  EXPECT_EQ(machine_.state(), WorkerState::kWedged);
  EXPECT_THAT(machine_.reason(), HasSubstr("no progress"));
  EXPECT_EQ(wait(), "SIGKILL");
  EXPECT_EQ(on(by_signal(SIGKILL)), "died");
  EXPECT_THAT(death_.reason, HasSubstr("no progress"));
  EXPECT_EQ(wait(), "spawn");
}

TEST_F(Machine, OneThatWasFoundWantingIsReplacedAndNoRequestIsBlamed) {
  on(Time{});
  EXPECT_EQ(on(Condemned{"it answers wrongly"}), "") << "it is starting";
  becomes_ready();
  EXPECT_EQ(on(Condemned{"it answers wrongly"}), "close SIGTERM");
  EXPECT_EQ(machine_.state(), WorkerState::kWedged);
  EXPECT_EQ(on(Condemned{"it answers wrongly"}), "") << "once";
  EXPECT_EQ(on(by_signal(SIGTERM)), "died from outside");
  EXPECT_TRUE(death_.from_outside);
  EXPECT_THAT(death_.reason, HasSubstr("it answers wrongly"));
  EXPECT_EQ(wait(), "spawn");
}

TEST_F(Machine, AStoppedOneDidNotDoItItself) {
  on(Time{});
  becomes_ready();
  std::string out;
  for (int i = 0; i < 40 && out.empty(); ++i) {
    now_ += kLookEvery;
    out = on(Seen{pulse_, true});
  }
  EXPECT_EQ(out, "close SIGTERM");
  EXPECT_EQ(on(by_signal(SIGKILL)), "died from outside");
}

TEST_F(Machine, AKillIsFromOutsideUnlessTheMachineWasOutOfMemory) {
  on(Time{});
  becomes_ready();
  on(SocketEnded{});
  EXPECT_EQ(on(by_signal(SIGKILL)), "died from outside");
  wait();
  becomes_ready();
  on(SocketEnded{});
  EXPECT_EQ(on(by_signal(SIGTERM)), "died from outside");
  wait();
  becomes_ready();
  on(SocketEnded{});
  Exited exited = by_signal(SIGKILL);
  exited.out_of_memory = true;
  EXPECT_EQ(on(exited), "died");
  EXPECT_THAT(death_.reason, HasSubstr("out of memory"));
}

TEST_F(Machine, OneThatNeverAnswersIsEnded) {
  on(Time{});
  on(Spawned{});
  pulse_ = {true, wire::Phase::kIdle, 0, 0, 0};
  EXPECT_EQ(stands_still(kAnswerLimit - seconds(1)), "");
  EXPECT_EQ(stands_still(seconds(2)), "close SIGTERM");
  EXPECT_THAT(machine_.reason(), HasSubstr("did not answer"));
}

TEST_F(Machine, AMachineThatSleptHasNotWaitedForAnAnswer) {
  on(Time{});
  on(Spawned{});
  now_ += std::chrono::hours(8);
  pulse_ = {true, wire::Phase::kIdle, 0, 0, 0};
  EXPECT_EQ(stands_still(seconds(50)), "");
  EXPECT_EQ(on(Answered{}), "greet +a +b ready");
}

TEST_F(Machine, WhatCannotBeStartedIsParkedOrTriedAgain) {
  on(Time{});
  EXPECT_EQ(on(CannotStart{"no room", false}), "");
  EXPECT_EQ(machine_.state(), WorkerState::kDead);
  EXPECT_EQ(wait(), "spawn");
  EXPECT_EQ(on(CannotStart{"no program", true}), "parked");
  EXPECT_EQ(machine_.next_time(), Instant::max());
}

// fork() said EAGAIN five times in 18 s, and the engine was parked until a person came.
TEST_F(Machine, WhatTheSystemLacksForAWhileParksNothing) {
  on(Time{});
  for (int i = 1; i <= 50; ++i) {
    ASSERT_EQ(on(CannotStart{"no more processes", false}), "") << i;
    EXPECT_EQ(machine_.in_crash_loop(), i >= kLoopDeaths) << "nobody waits for it that long";
    ASSERT_EQ(wait(), "spawn") << i;
  }
  becomes_ready();
  EXPECT_FALSE(machine_.in_crash_loop());
}

TEST_F(Machine, ACrashLoopIsParkedAndSaysSoBeforeItsDeath) {
  on(Time{});
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    on(Spawned{});
    on(SocketEnded{});
    EXPECT_EQ(on(by_signal(SIGABRT)), "died");
    EXPECT_EQ(wait(), "spawn");
  }
  on(Spawned{});
  on(SocketEnded{});
  EXPECT_EQ(on(by_signal(SIGABRT)), "parked died");
  EXPECT_EQ(wait(), "");
}

TEST_F(Machine, TokensAreProgress) {
  on(Time{});
  for (int i = 0; i < 3 * kBarrenStartsMax; ++i) {
    becomes_ready();
    on(Said{kProgressTokens});
    on(SocketEnded{});
    EXPECT_EQ(on(by_signal(SIGABRT)), "died");
    EXPECT_EQ(wait(), "spawn");
  }
}

TEST_F(Machine, StopEndsItWhereverItStands) {
  on(Time{});
  becomes_ready();
  EXPECT_EQ(on(Stop{}), "close SIGTERM");
  EXPECT_EQ(machine_.state(), WorkerState::kDraining);
  EXPECT_EQ(on(Stop{}), "");
  EXPECT_EQ(on(by_signal(SIGTERM)), "");
  EXPECT_EQ(machine_.state(), WorkerState::kAbsent);
  EXPECT_EQ(machine_.next_time(), Instant::max());

  machine_ = WorkerMachine({"a", "b"});
  on(Time{});
  EXPECT_EQ(on(Stop{}), "") << "while it is spawned";
  EXPECT_EQ(on(Spawned{}), "close SIGTERM");

  machine_ = WorkerMachine({"a", "b"});
  on(Time{});
  becomes_ready();
  on(SocketEnded{});
  EXPECT_EQ(on(Stop{}), "") << "it is leaving already";
  EXPECT_EQ(wait(), "SIGTERM");

  machine_ = WorkerMachine({"a", "b"});
  on(Time{});
  on(CannotStart{"no room", false});
  EXPECT_EQ(on(Stop{}), "");
  EXPECT_EQ(machine_.state(), WorkerState::kAbsent);
  now_ += std::chrono::hours(1);
  EXPECT_EQ(on(Time{}), "");
}

}  // namespace
}  // namespace sanctum::supervisor
