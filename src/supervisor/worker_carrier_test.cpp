#include "supervisor/worker_carrier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/exit_code.h"
#include "wire/rpc.h"

namespace sanctum::supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A machine of nothing but what the test says. What is done to it is a word each.
class FakePort : public WorkerPort {
 public:
  Instant now() const override { return now_; }
  void post(std::function<void()> action) override { posted_.push_back(std::move(action)); }
  void publish(const WorkerStatus& status) override {
    status_ = status;
    if (published_) published_();
  }

  int spawn(const std::string& program, WorkerConnection connection) override {
    if (missing_ == program) throw Error(ErrorCode::kNotFound, "cannot run " + program);
    EXPECT_FALSE(there_) << "one at a time";
    said_.push_back("spawn " + program);
    connection_ = std::move(connection);
    there_ = true;
    ended_.reset();
    calls_.clear();
    return 100;
  }
  void signal(int number) override { said_.push_back(platform::signal_name(number)); }
  WorkerSeen look() override {
    ++pulse_.beats;
    return {pulse_, false, kills_};
  }
  std::optional<platform::ExitStatus> exited() override {
    if (ended_) there_ = false;
    return ended_;
  }
  std::vector<std::uint64_t> suspects() override { return {7}; }
  void call(std::string_view method, std::string_view, milliseconds,
            wire::RpcClient::Reply reply) override {
    calls_.emplace_back(std::string(method), std::move(reply));
  }
  void close_socket() override {}
  ProgramFile look_at_program(const std::string&) override { return {}; }

  // --- what the tests say ---
  void run_posted() {
    while (!posted_.empty()) {
      const auto action = std::move(posted_.front());
      posted_.pop_front();
      action();
    }
  }
  // The calls of that name are answered.
  void answer(const std::string& method,
              const std::string& said = R"({"jsonrpc":"2.0","id":1,"result":{}})") {
    for (auto& [name, reply] : std::exchange(calls_, {})) {
      if (name != method) {
        calls_.emplace_back(name, std::move(reply));
      } else {
        reply(wire::Message(said));
      }
    }
    run_posted();
  }
  void ends(const platform::ExitStatus& status) {
    ended_ = status;
    connection_.ended();
    run_posted();
  }
  std::vector<std::string> said() { return std::exchange(said_, {}); }

  Instant now_ = Instant() + std::chrono::hours(1);
  std::uint64_t kills_ = 0;
  std::string missing_;
  std::function<void()> published_;
  WorkerStatus status_;
  std::vector<std::string> said_;
  std::vector<std::pair<std::string, wire::RpcClient::Reply>> calls_;

 private:
  std::deque<std::function<void()>> posted_;
  WorkerConnection connection_;
  wire::Pulse pulse_{true, wire::Phase::kIdle, 0, 0, 0};
  std::optional<platform::ExitStatus> ended_;
  bool there_ = false;
};

class Carrier : public testing::Test {
 protected:
  Carrier() {
    WorkerListener listener;
    listener.ready = [this] { port_.said_.emplace_back("ready"); };
    listener.died = [this](const Death& death) {
      port_.said_.emplace_back(death.from_outside ? "died from outside" : "died");
      life_of_death_ = port_.status_.starts;
    };
    listener.parked = [this](const std::string&) { port_.said_.emplace_back("parked"); };
    listener.unsteady = [this](const std::string& reason) {
      port_.said_.emplace_back(reason.empty() ? "steady" : "unsteady");
    };
    listener.went_back = [this](const std::string& program, const std::string&) {
      port_.said_.push_back("went back from " + program);
    };
    carrier_ = std::make_unique<WorkerCarrier>("a", std::vector<wire::LoadRequest>{{"m", "/m"}},
                                               listener, port_);
    carrier_->begin();
  }
  void becomes_ready() {
    port_.answer("stats");
    port_.answer("load_model");
    ASSERT_EQ(carrier_->state(), WorkerState::kReady);
  }
  // Looks at it all the while.
  void passes(Clock::duration time) {
    for (const Instant end = port_.now_ + time; port_.now_ < end; carrier_->step())
      port_.now_ = std::min(end, std::max(port_.now_ + milliseconds(1), carrier_->next_step()));
  }
  void dies(int signal = SIGSEGV) {
    platform::ExitStatus status;
    status.signal = signal;
    port_.ends(status);
    carrier_->step();
  }
  // As often as makes a crash loop, if it gets that far.
  void cannot_be_kept_running() {
    const std::string program = carrier_->program();
    for (int i = 0; i < kBarrenStartsMax; ++i) {
      if (carrier_->state() == WorkerState::kDead) passes(kBackoffMax * 2);
      if (carrier_->state() == WorkerState::kParked || carrier_->program() != program) return;
      dies();
    }
  }

  FakePort port_;
  std::unique_ptr<WorkerCarrier> carrier_;
  int life_of_death_ = 0;
};

// A request that came between two kills was sent before the model was, and got a 404.
TEST_F(Carrier, TheModelsAreNamedBeforeTheEngineCanBeAsked) {
  carrier_->set_switches({.compile = false});
  bool asked = false;
  port_.published_ = [&] {
    if (!can_be_asked(port_.status_.state) || std::exchange(asked, true)) return;
    std::vector<std::string> called;
    called.reserve(port_.calls_.size());
    for (const auto& [method, reply] : port_.calls_) called.push_back(method);
    EXPECT_THAT(called, ElementsAre("set_switches", "load_model"));
  };
  port_.answer("stats");
  EXPECT_TRUE(asked);
}

// While others serve; whoever mends the rights of a file needs no restart.
TEST_F(Carrier, AModelThatMayNotBeReadIsTriedAgain) {
  const auto loads = [this] {
    return std::count_if(port_.calls_.begin(), port_.calls_.end(),
                         [](const auto& call) { return call.first == "load_model"; });
  };
  const auto fails = [this](ErrorCode code) {
    port_.answer("load_model", wire::failure_line("1", {code, "cannot be read", "path"}));
  };
  port_.answer("stats");
  fails(ErrorCode::kDenied);
  EXPECT_EQ(loads(), 0);
  passes(kLoadAgainFirst);
  EXPECT_EQ(loads(), 1);
  fails(ErrorCode::kCorrupt);
  passes(kLoadAgainMax * 2);
  EXPECT_EQ(loads(), 0) << "that does not come right by itself";
}

TEST_F(Carrier, AProgramThatCannotBeKeptRunningGivesWayToTheFormerOne) {
  becomes_ready();
  carrier_->retire("b");
  dies(SIGTERM);
  passes(milliseconds(1));
  EXPECT_THAT(port_.said(),
              ElementsAre("spawn a", "ready", "SIGTERM", "died from outside", "spawn b"));
  const int life = port_.status_.starts;
  for (int i = 1; i < kBarrenStartsMax; ++i) {
    dies();
    passes(kBackoffMax * 2);
  }
  port_.said();
  dies();
  EXPECT_THAT(port_.said(), ElementsAre("went back from b", "died", "spawn a"))
      << "and nobody is told that it is parked";
  EXPECT_EQ(life_of_death_, life + kBarrenStartsMax - 1) << "told of the life that ended";
  becomes_ready();
}

TEST_F(Carrier, OneThatIsNotThereGivesWayToo) {
  becomes_ready();
  port_.missing_ = "b";
  carrier_->retire("b");
  port_.said();
  dies(SIGTERM);
  passes(milliseconds(1));
  EXPECT_THAT(port_.said(), ElementsAre("died from outside", "went back from b", "spawn a"));
}

// Weeks later the first parking returned to an old program, and nobody was told.
TEST_F(Carrier, AProgramThatWasKeptRunningIsNotLeftForTheFormerOne) {
  becomes_ready();
  carrier_->retire("b");
  dies(SIGTERM);
  passes(milliseconds(1));
  becomes_ready();
  passes(kTrialOfAProgram + seconds(1));
  cannot_be_kept_running();
  passes(kBackoffMax * 2);
  dies();  // the first of them was a life of use
  EXPECT_EQ(carrier_->state(), WorkerState::kParked);
  EXPECT_EQ(carrier_->program(), "b");
  EXPECT_THAT(port_.said(), testing::Not(testing::Contains("went back from b")));
}

TEST_F(Carrier, TheOneToGoBackToIsNoneThatIsOnTrialItself) {
  becomes_ready();
  for (const char* program : {"b", "c"}) {
    carrier_->retire(program);
    dies(SIGTERM);
    passes(milliseconds(1));
    if (program == std::string("b")) becomes_ready();
  }
  cannot_be_kept_running();
  EXPECT_EQ(carrier_->program(), "a");
}

TEST_F(Carrier, WhatIsParkedIsNoneToGoBackTo) {
  cannot_be_kept_running();
  ASSERT_EQ(carrier_->state(), WorkerState::kParked);
  carrier_->retire("b");
  EXPECT_EQ(carrier_->state(), WorkerState::kStarting);
  cannot_be_kept_running();
  EXPECT_EQ(carrier_->state(), WorkerState::kParked);
  EXPECT_EQ(carrier_->program(), "b");
}

// A machine that slept while an engine left: it was sent a signal that it had no need of.
TEST_F(Carrier, OneThatHasGoneByItselfIsSentNoSignal) {
  becomes_ready();
  port_.said();
  port_.ends({});
  port_.now_ += kExitLimit;
  carrier_->step();
  EXPECT_THAT(port_.said(), ElementsAre("died"));
}

TEST_F(Carrier, OneThatIsReplacedWhileItStartsIsEndedWhenItCanBeAsked) {
  carrier_->retire("b");
  port_.said();
  port_.answer("stats");
  EXPECT_THAT(port_.said(), ElementsAre("SIGTERM"));
  dies(SIGTERM);
  passes(milliseconds(1));
  EXPECT_THAT(port_.said(), ElementsAre("died from outside", "spawn b"));
}

TEST_F(Carrier, OneThatIsReplacedWhileItStartsAndCannotIsNotWhatFailed) {
  carrier_->retire("b");
  port_.said();
  platform::ExitStatus bad;
  bad.code = kExitConfiguration;
  port_.ends(bad);
  carrier_->step();
  EXPECT_THAT(port_.said(), ElementsAre("died", "spawn b"));
}

TEST_F(Carrier, WhatComesLateFromOneLifeIsNoNewsOfTheNext) {
  auto late = std::exchange(port_.calls_, {});
  ASSERT_EQ(late.size(), 1u);
  dies();
  passes(kBackoffMax);
  ASSERT_EQ(carrier_->state(), WorkerState::kStarting);
  late[0].second(wire::Message(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
  port_.run_posted();
  EXPECT_EQ(carrier_->state(), WorkerState::kStarting);
}

TEST_F(Carrier, AKillLongAfterTheMachineWasOutOfMemoryIsFromOutside) {
  becomes_ready();
  passes(seconds(1));
  ++port_.kills_;
  passes(minutes(5));
  port_.said();
  dies(SIGKILL);
  EXPECT_THAT(port_.said(), ElementsAre("died from outside", "spawn a"));
}

TEST_F(Carrier, AKillWhileTheMachineIsOutOfMemoryIsNot) {
  becomes_ready();
  passes(minutes(5));
  ++port_.kills_;
  port_.said();
  dies(SIGKILL);
  EXPECT_THAT(port_.said(), ElementsAre("died", "spawn a"));
  EXPECT_THAT(port_.status_.last_exit, HasSubstr("out of memory"));
}

TEST_F(Carrier, ThatItIsUnsteadyIsToldOnceAndWhenItIsOver) {
  for (std::size_t i = 1; i <= kUnsteadyDeaths; ++i) {
    becomes_ready();
    passes(minutes(2));
    port_.said();
    dies();
    if (i < kUnsteadyDeaths) {
      EXPECT_THAT(port_.said(), ElementsAre("died", "spawn a")) << i;
    } else {
      EXPECT_THAT(port_.said(), ElementsAre("unsteady", "died", "spawn a"));
    }
    passes(kBackoffMax);
  }
  becomes_ready();
  port_.said();
  passes(kUnsteadyWindow - minutes(25));
  EXPECT_THAT(port_.said(), IsEmpty());
  passes(minutes(26));
  EXPECT_THAT(port_.said(), ElementsAre("steady"));
}

}  // namespace
}  // namespace sanctum::supervisor
