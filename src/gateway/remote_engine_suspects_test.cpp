#include "gateway/remote_engine_fixture.h"

namespace sanctum::gateway {
namespace {

using Ids = std::vector<std::string>;

TEST_F(RemoteEngineTest, ADeathThatNoRequestCausedIsHeldAgainstNone) {
  const auto log = generate();
  for (int i = 0; i < 20; ++i) {
    tokens("r", "a");
    dies({});
  }
  completed("r");
  EXPECT_NE(log->text.find("stop"), std::string::npos);
  EXPECT_EQ(link.sent.size(), 21u);
}

TEST_F(RemoteEngineTest, WhatEnginesDiedOfTwiceRunsAloneAndIsGivenUpAtTheThird) {
  const auto poison = generate("poison"), other = generate("other");
  EXPECT_EQ(sent("generate"), (Ids{"poison", "other"}));
  dies({"poison"});
  EXPECT_EQ(sent("generate"), (Ids{"other", "poison"})) << "one death is no proof";
  dies({"poison"});
  EXPECT_EQ(sent("generate"), (Ids{"poison"})) << "alone";
  const auto later = generate("later");
  EXPECT_EQ(sent("generate"), Ids{}) << "nothing beside it";
  dies({"poison"});
  EXPECT_EQ(poison->text, "... ... internal");
  EXPECT_NE(poison->message.find("SIGSEGV"), std::string::npos);
  EXPECT_EQ(sent("generate"), (Ids{"later", "other"}));
  completed("other");
  EXPECT_EQ(other->text, "... ... stop");
}

TEST_F(RemoteEngineTest, WhatWasGivenUpIsRefusedWhenItComesAgain) {
  generate("poison");
  for (int i = 0; i < 3; ++i) dies({"poison"});
  sent("generate");
  const auto again = generate("again");  // the same question
  EXPECT_EQ(again->text, "internal");
  EXPECT_NE(again->message.find("refused for an hour"), std::string::npos);
  EXPECT_EQ(sent("generate"), Ids{});
}

TEST_F(RemoteEngineTest, AnInnocentSuspectIsAcquittedAndSetAsideForTheNext) {
  const auto innocent = generate("innocent"), poison = generate("poison");
  dies({"innocent", "poison"});
  sent("generate");
  dies({"innocent", "poison"});
  EXPECT_EQ(sent("generate"), (Ids{"innocent"}));
  tokens("innocent", "a", std::vector<int>(kTrialTokens - 1, 1));
  EXPECT_EQ(sent("cancel"), Ids{});
  tokens("innocent", "b", {1});
  EXPECT_EQ(sent("cancel"), (Ids{"innocent"})) << "set aside";
  wire::Completed aside{"innocent", wire::FinishReason::kCancelled,      "", {}, {},
                        {},         {"innocent", {}, "held", "", {}, {}}};
  engine.notified(
      wire::Message(FakeLink::line(wire::notification_line("completed", wire::encode(aside)))));
  EXPECT_EQ(sent("generate"), (Ids{"poison"}));
  dies({"poison"});
  EXPECT_EQ(poison->text, "... ... internal");
  ASSERT_EQ(sent("generate"), (Ids{"innocent"}));
  EXPECT_EQ(wire::decode_generate(json::Document(link.sent.back().body).root()).resume_ids.size(),
            kTrialTokens);
  tokens("innocent", "c");
  completed("innocent");
  EXPECT_EQ(innocent->text, "... ... a b c stop") << "what was held back is said later";
}

TEST_F(RemoteEngineTest, AnAnswerThatEndsAsItIsSetAsideHasEnded) {
  const auto first = generate("a"), second = generate("b");
  dies({"a", "b"});
  dies({"a", "b"});
  tokens("a", "x", std::vector<int>(kTrialTokens, 1));
  completed("a");
  EXPECT_EQ(first->text, "... ... x stop");
  sent("");
  tokens("b", "y", std::vector<int>(kTrialTokens, 1));
  generate("c");
  EXPECT_EQ(sent("generate"), (Ids{"c"})) << "acquitted with nobody to wait for: others run again";
}

TEST_F(RemoteEngineTest, ATrialWhoseClientLeavesIsOver) {
  generate("a");
  dies({"a"});
  dies({"a"});
  const auto other = generate("b");
  sent("");
  engine.cancel("a");
  EXPECT_EQ(sent("cancel"), (Ids{"a"}));
  engine.notified(wire::Message(FakeLink::line(wire::notification_line(
      "completed",
      wire::encode(wire::Completed{"a", wire::FinishReason::kCancelled, "", {}, {}, {}, {}})))));
  EXPECT_EQ(sent("generate"), (Ids{"b"}));
}

TEST_F(RemoteEngineTest, ADeathBeforeItWasSentIsHeldAgainstNoRequest) {
  link.state = wire::WorkerState::kStarting;
  const auto log = generate();
  for (int i = 0; i < 3; ++i) {
    engine.died("the engine was killed by SIGSEGV", {wire::request_key("r")});
    ++link.starts;
  }
  EXPECT_EQ(log->text, "");
}

}  // namespace
}  // namespace sanctum::gateway
