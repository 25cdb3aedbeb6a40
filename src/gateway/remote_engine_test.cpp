#include "gateway/remote_engine_fixture.h"

namespace sanctum::gateway {
namespace {

using std::chrono::milliseconds;

// A row that is lost, comes twice, or is an earlier engine's: the answer would be another.
TEST_F(RemoteEngineTest, ARowThatIsNotTheNextIsRefused) {
  const auto log = generate();
  link.accept(0);
  tokens("r", "a");
  tokens("r", "b", {2, 3});
  for (const int at : {0, 1, 2, 4}) {
    said["r"] = at;
    EXPECT_THROW(tokens("r", "c"), Error) << at;
  }
  said["r"] = 4;
  EXPECT_THROW(completed("r"), Error) << "the last one is lost";
  EXPECT_EQ(log->text, "accepted a b ");
  dies({});
  said["r"] = 3;
  tokens("r", "c");
  EXPECT_EQ(log->text, "accepted a b ... c ");
}

TEST_F(RemoteEngineTest, WhoWaitsLongIsToldSoNowAndThen) {
  link.state = wire::WorkerState::kDead;
  RemoteEngine patient(link, std::chrono::hours(1));
  const auto waiting = std::make_shared<Log>();
  wire::GenerateRequest request;
  request.request = "w";
  patient.generate(std::move(request), waiting);
  for (int second = 0; second <= 25; ++second)
    patient.expire(Instant() + std::chrono::hours(1) + std::chrono::seconds(second));
  EXPECT_EQ(waiting->text, "waits waits ");
}

TEST_F(RemoteEngineTest, ARowOfARequestThatWaitsIsRefused) {
  link.state = wire::WorkerState::kStarting;
  const auto log = generate();
  EXPECT_THROW(tokens("r", "a"), Error);
  EXPECT_EQ(log->text, "");
}

TEST_F(RemoteEngineTest, CarriesARequestThrough) {
  const auto log = generate();
  ASSERT_EQ(link.sent.size(), 1u);
  EXPECT_EQ(link.sent[0].method, "generate");
  link.accept(0);
  tokens("r", "a");
  tokens("other", "b");
  completed("r");
  completed("r");
  EXPECT_EQ(log->text, "accepted a stop");
}

TEST_F(RemoteEngineTest, ARefusalCompletes) {
  const auto log = generate();
  link.refuse(0, {ErrorCode::kTooLong, "long", "messages"});
  EXPECT_EQ(log->text, "too_long");
}

TEST_F(RemoteEngineTest, WaitsForAnEngineThenGivesUp) {
  link.state = wire::WorkerState::kStarting;
  const auto served = generate("a");
  EXPECT_TRUE(link.sent.empty());
  link.state = wire::WorkerState::kReady;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 1u);
  link.state = wire::WorkerState::kDead;
  const auto log = generate("b");
  const Instant now = Instant() + std::chrono::hours(1);
  engine.expire(now);
  engine.expire(now + milliseconds(999));
  EXPECT_EQ(log->text, "");
  engine.expire(now + milliseconds(1001));
  EXPECT_EQ(log->text, "unavailable");
  EXPECT_EQ(served->text, "") << "it was sent: the engine's own limits hold";
}

TEST_F(RemoteEngineTest, AMachineThatSleptHasNotWaited) {
  RemoteEngine patient(link, std::chrono::seconds(100));
  link.state = wire::WorkerState::kStarting;
  wire::GenerateRequest request;
  request.request = "r";
  request.model = "m";
  request.prompt = "x";
  const auto log = std::make_shared<Log>();
  const Instant now = Instant() + std::chrono::hours(1);
  patient.expire(now);
  patient.generate(request, log);
  patient.expire(now + std::chrono::hours(8));
  EXPECT_EQ(log->text, "");
  for (int second = 1; second <= 100; ++second)
    patient.expire(now + std::chrono::hours(8) + std::chrono::seconds(second));
  EXPECT_TRUE(log->text.ends_with("waits unavailable")) << log->text;
}

TEST_F(RemoteEngineTest, WithoutOutputItIsReplayed) {
  const auto log = generate();
  link.accept(0);
  link.state = wire::WorkerState::kDead;
  engine.died("the engine was killed", {});
  EXPECT_EQ(log->text, "accepted ... ");
  link.state = wire::WorkerState::kReady;
  ++link.starts;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  wire::GenerateRequest replayed = wire::decode_generate(json::Document(link.sent[1].body).root());
  EXPECT_TRUE(std::exchange(replayed.again, false));
  EXPECT_EQ(wire::encode(replayed), link.sent[0].body);
  link.accept(1);
  EXPECT_EQ(log->text, "accepted ... ") << "told once";
}

TEST_F(RemoteEngineTest, AfterOutputTheNextEngineIsToldWhatWasSaid) {
  const auto log = generate();
  link.accept(0);
  tokens("r", "a", {4});
  tokens("r", "b", {5, 6});
  engine.died("the engine was killed", {});
  ++link.starts;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  const wire::GenerateRequest resumed =
      wire::decode_generate(json::Document(link.sent[1].body).root());
  EXPECT_EQ(resumed.resume_ids, (std::vector<int>{4, 5, 6}));
  EXPECT_EQ(resumed.sampling.seed, 7u);
  link.accept(1);
  tokens("r", "c", {7});
  completed("r");
  EXPECT_EQ(log->text, "accepted a b ... c stop");
}

TEST_F(RemoteEngineTest, WhatWasHeldBackComesWithTheLastWord) {
  const auto log = generate();
  wire::Completed last{"r", wire::FinishReason::kStop,    "", {}, {},
                       {},  {"r", {}, "held", "", {}, {}}};
  engine.notified(
      wire::Message(FakeLink::line(wire::notification_line("completed", wire::encode(last)))));
  EXPECT_EQ(log->text, "held stop");
}

TEST_F(RemoteEngineTest, ALostCallIsReplayed) {
  const auto log = generate();
  link.state = wire::WorkerState::kDead;
  link.refuse(0, wire::lost("gone"));
  engine.died("the engine was killed", {});
  link.state = wire::WorkerState::kReady;
  ++link.starts;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  link.accept(1);
  completed("r");
  EXPECT_EQ(log->text, "... accepted stop");
}

TEST_F(RemoteEngineTest, ACallLostToAnEngineThatStillSeemsUpWaitsForTheNext) {
  const auto log = generate();
  link.refuse(0, wire::lost("gone"));  // nobody has noticed yet
  EXPECT_EQ(link.sent.size(), 1u);
  EXPECT_EQ(log->text, "");
  engine.died("the engine was killed", {});
  link.starts = 2;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  link.accept(1);
  EXPECT_EQ(log->text, "... accepted ");
}

TEST_F(RemoteEngineTest, ACallLostBetweenTwoEnginesGoesToTheNewOne) {
  const auto log = generate();
  link.starts = 2;
  engine.ready();  // the new engine is up before the old call is known to be lost
  link.refuse(0, wire::lost("gone"));
  ASSERT_EQ(link.sent.size(), 2u);
  link.accept(1);
  EXPECT_EQ(log->text, "accepted ");
}

TEST_F(RemoteEngineTest, ParkedFailsAllAtOnceAndRefusesTheNext) {
  link.state = wire::WorkerState::kStarting;
  const auto waiting = generate("a");
  link.state = wire::WorkerState::kParked;
  link.reason = "no program";
  engine.parked("no program");
  EXPECT_EQ(waiting->text, "unavailable");
  const auto next = generate("b");
  EXPECT_EQ(next->text, "unavailable");
  EXPECT_NE(next->message.find("no program"), std::string::npos);
}

TEST_F(RemoteEngineTest, CancelReachesTheEngineOrTheQueue) {
  const auto sent = generate("a");
  engine.cancel("a");
  ASSERT_EQ(link.sent.size(), 2u);
  EXPECT_EQ(link.sent[1].method, "cancel");
  EXPECT_EQ(link.sent[1].body, R"({"request":"a"})");
  EXPECT_EQ(sent->text, "") << "the engine has the last word";
  engine.died("x", {});
  EXPECT_EQ(sent->text, "cancelled") << "nobody wants a replay";
  link.state = wire::WorkerState::kStarting;
  const auto waiting = generate("b");
  engine.cancel("b");
  EXPECT_EQ(waiting->text, "cancelled");
  engine.cancel("unknown");
}

TEST_F(RemoteEngineTest, AnEngineThatIsReadyWhileARequestComesInGetsIt) {
  link.state = wire::WorkerState::kStarting;
  link.after_status = [this] {
    link.state = wire::WorkerState::kReady;
    engine.ready();
  };
  generate();
  EXPECT_EQ(link.sent.size(), 1u);
}

TEST_F(RemoteEngineTest, TheAnswerToAnEarlierAttemptIsIgnored) {
  const auto log = generate();
  engine.died("the engine was killed", {});
  link.starts = 2;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  link.refuse(0, wire::lost("gone"));  // late
  link.accept(1);
  completed("r");
  EXPECT_EQ(log->text, "... accepted stop");
}

TEST_F(RemoteEngineTest, ACancelThatOvertakesItsRequestIsSentAgain) {
  link.before_call = [this] { engine.cancel("r"); };
  generate();
  ASSERT_EQ(link.sent.size(), 3u);
  EXPECT_EQ(link.sent[0].method, "cancel");
  EXPECT_EQ(link.sent[1].method, "generate");
  EXPECT_EQ(link.sent[2].method, "cancel");
}

TEST_F(RemoteEngineTest, ARequestThatCannotBeSpelledFailsAloneAndIsForgotten) {
  wire::GenerateRequest request;
  request.request = "bad";
  request.model = "m";
  request.messages_json = "[";
  const auto log = std::make_shared<Log>();
  engine.generate(request, log);
  EXPECT_EQ(log->text, "invalid");
  EXPECT_NO_THROW(engine.ready());
  EXPECT_TRUE(link.sent.empty());
}

TEST_F(RemoteEngineTest, ModelsAndFailuresAreHandedOn) {
  std::string seen;
  const auto note = [&](const std::optional<wire::Failure>& failure,
                        const std::vector<wire::ModelInfo>& models) {
    seen += failure ? "failed " : std::to_string(models.size()) + " ";
  };
  engine.models(note);
  link.sent[0].reply(wire::Message(
      FakeLink::line(wire::result_line("1", R"({"models":[{"model":"m","state":"ready"}]})"))));
  engine.models(note);
  link.refuse(1, {ErrorCode::kDeadline, "late", ""});
  EXPECT_EQ(seen, "1 failed ");
}

TEST_F(RemoteEngineTest, AFrameThatMakesNoSenseThrows) {
  EXPECT_THROW(engine.notified(wire::Message(R"({"jsonrpc":"2.0","method":"tokens","params":{}})")),
               Error);
  EXPECT_THROW(
      engine.notified(wire::Message(R"({"jsonrpc":"2.0","method":"completed","params":[]})")),
      Error);
}

}  // namespace
}  // namespace sanctum::gateway
