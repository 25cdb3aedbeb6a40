#include "gateway/remote_engine.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <utility>

#include "base/json.h"
#include "wire/heartbeat.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

using std::chrono::milliseconds;

// Keeps what is sent; the test answers.
class FakeLink : public EngineLink {
 public:
  struct Sent {
    std::string method;
    std::string body;
    wire::RpcClient::Reply reply;
  };
  void call(std::string_view method, std::string_view body, milliseconds,
            wire::RpcClient::Reply reply) override {
    if (const auto first = std::exchange(before_call, nullptr)) first();
    sent.push_back({std::string(method), std::string(body), std::move(reply)});
  }
  EngineStatus status() const override {
    const EngineStatus seen{state == "ready", state, reason, "", 1, starts};
    if (const auto then = std::exchange(after_status, nullptr)) then();
    return seen;
  }
  void accept(std::size_t i) {
    sent[i].reply(
        wire::Message(line(wire::result_line("1", wire::encode(wire::Accepted{"r", 3, 0, 1})))));
  }
  void refuse(std::size_t i, const wire::Failure& failure) {
    sent[i].reply(wire::Message(line(wire::failure_line("1", failure))));
  }
  static std::string line(std::string text) {
    text.pop_back();
    return text;
  }
  std::vector<Sent> sent;
  std::string state = "ready";
  int starts = 1;
  std::string reason;
  // Once each, for what happens on another thread at just that moment.
  std::function<void()> before_call;
  mutable std::function<void()> after_status;
};

class Log : public GenerateListener {
 public:
  void interrupted() override { text += "... "; }
  void waits() override { text += "waits "; }
  void accepted(const wire::Accepted&) override { text += "accepted "; }
  void delta(const wire::RowDelta& row) override { text += row.content + " "; }
  void completed(const wire::Completed& c) override {
    text += c.failure ? std::string(to_string(c.failure->code)) : c.finish_reason;
    message = c.failure ? c.failure->message : "";
  }
  std::string text;
  std::string message;
};

class RemoteEngineTest : public testing::Test {
 protected:
  std::shared_ptr<Log> generate(const std::string& id = "r") {
    wire::GenerateRequest request;
    request.request = id;
    request.model = "m";
    request.prompt = "x";
    request.sampling.seed = 7;
    auto log = std::make_shared<Log>();
    engine.generate(request, log);
    return log;
  }
  void tokens(const std::string& id, const std::string& content, std::vector<int> ids = {1}) {
    const int at = std::exchange(said[id], said[id] + static_cast<int>(ids.size()));
    wire::TokensFrame frame{1, {{id, std::move(ids), content, "", {}, {}, at}}};
    engine.notified(
        wire::Message(FakeLink::line(wire::notification_line("tokens", wire::encode(frame)))));
  }
  void completed(const std::string& id) {
    wire::Completed last{id, "stop", "", {}, {}, {}, {}};
    last.usage.completion_tokens = said[id];
    engine.notified(
        wire::Message(FakeLink::line(wire::notification_line("completed", wire::encode(last)))));
  }
  // It dies while it is busy with these; another is there at once.
  void dies(const std::vector<std::string>& busy_with) {
    std::vector<std::uint64_t> suspects;
    suspects.reserve(busy_with.size());
    for (const auto& id : busy_with) suspects.push_back(wire::request_key(id));
    link.state = "dead";
    engine.died("the engine was killed by SIGSEGV", suspects);
    ++link.starts;
    link.state = "ready";
    engine.ready();
  }
  // The ids of the calls of `method` since the last look.
  std::vector<std::string> sent(const std::string& method) {
    std::vector<std::string> out;
    for (; seen < link.sent.size(); ++seen) {
      if (link.sent[seen].method != method) continue;
      out.push_back(json::Document(link.sent[seen].body).root().at("request").as_string());
    }
    return out;
  }
  std::size_t seen = 0;
  std::map<std::string, int> said;  // tokens
  FakeLink link;
  RemoteEngine engine{link, milliseconds(1000)};
};

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
  link.state = "dead";
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
  link.state = "starting";
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

// Pictures of newcomers had filled the next engine's memory, or a process could not be had for a
// moment: streams that had begun were cut with that.
TEST_F(RemoteEngineTest, WhatWasAcceptedIsNotRefusedForWantOfRoom) {
  const auto log = generate();
  const auto now = Clock::now();
  engine.expire(now);
  EXPECT_FALSE(json::Document(link.sent[0].body).root().as_bool_or("again", false));
  link.accept(0);
  tokens("r", "a");
  for (int turn = 1; turn <= 3; ++turn) {
    dies({});
    const std::size_t first = link.sent.size() - 1;
    EXPECT_TRUE(json::Document(link.sent[first].body).root().as_bool_or("again", false));
    link.refuse(first, {turn == 1 ? ErrorCode::kBusy : ErrorCode::kUnavailable, "no room", {}});
    engine.ready();
    EXPECT_EQ(link.sent.size(), first + 1) << "not at once";
    engine.expire(now + milliseconds(100 * turn));
    ASSERT_EQ(link.sent.size(), first + 2);
    link.accept(first + 1);
  }
  tokens("r", "b");
  completed("r");
  EXPECT_EQ(log->text, "accepted a ... ... ... b stop");
}

TEST_F(RemoteEngineTest, WhatIsPutOffForTooLongFails) {
  const auto log = generate();
  auto now = Clock::now();
  engine.expire(now);
  link.accept(0);
  dies({});
  for (int turn = 0; turn < 4; ++turn) {
    link.refuse(link.sent.size() - 1, {ErrorCode::kBusy, "no room", {}});
    engine.expire(now += milliseconds(400));
  }
  EXPECT_EQ(log->text, "accepted ... unavailable");
}

TEST_F(RemoteEngineTest, WhatIsWrongWithARequestIsNotPutOff) {
  const auto log = generate();
  link.accept(0);
  dies({});
  link.refuse(link.sent.size() - 1, {ErrorCode::kInvalid, "no such token", {}});
  EXPECT_EQ(log->text, "accepted ... invalid");
}

// One on trial that is put off must not hold up the others, nor be forgotten.
TEST_F(RemoteEngineTest, ASuspectThatIsPutOffIsTriedLater) {
  const auto suspect = generate("a"), other = generate("b");
  const auto now = Clock::now();
  engine.expire(now);
  link.accept(0);
  link.accept(1);
  dies({"a"});
  dies({"a"});  // the second: it runs alone
  sent("generate");
  link.refuse(link.sent.size() - 1, {ErrorCode::kBusy, "no room", {}});
  EXPECT_EQ(sent("generate"), std::vector<std::string>{"b"}) << "its turn, meanwhile";
  completed("b");
  engine.expire(now + milliseconds(100));
  EXPECT_EQ(sent("generate"), std::vector<std::string>{"a"});
}

TEST_F(RemoteEngineTest, WaitsForAnEngineThenGivesUp) {
  link.state = "starting";
  const auto served = generate("a");
  EXPECT_TRUE(link.sent.empty());
  link.state = "ready";
  engine.ready();
  ASSERT_EQ(link.sent.size(), 1u);
  link.state = "dead";
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
  link.state = "starting";
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
  link.state = "dead";
  engine.died("the engine was killed", {});
  EXPECT_EQ(log->text, "accepted ... ");
  link.state = "ready";
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
  wire::Completed aside{
      "innocent", "cancelled", "", {}, {}, {}, {"innocent", {}, "held", "", {}, {}}};
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
      "completed", wire::encode(wire::Completed{"a", "cancelled", "", {}, {}, {}, {}})))));
  EXPECT_EQ(sent("generate"), (Ids{"b"}));
}

TEST_F(RemoteEngineTest, ADeathBeforeItWasSentIsHeldAgainstNoRequest) {
  link.state = "starting";
  const auto log = generate();
  for (int i = 0; i < 3; ++i) {
    engine.died("the engine was killed by SIGSEGV", {wire::request_key("r")});
    ++link.starts;
  }
  EXPECT_EQ(log->text, "");
}

TEST_F(RemoteEngineTest, WhatWasHeldBackComesWithTheLastWord) {
  const auto log = generate();
  wire::Completed last{"r", "stop", "", {}, {}, {}, {"r", {}, "held", "", {}, {}}};
  engine.notified(
      wire::Message(FakeLink::line(wire::notification_line("completed", wire::encode(last)))));
  EXPECT_EQ(log->text, "held stop");
}

TEST_F(RemoteEngineTest, ALostCallIsReplayed) {
  const auto log = generate();
  link.state = "dead";
  link.refuse(0, wire::lost("gone"));
  engine.died("the engine was killed", {});
  link.state = "ready";
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
  link.state = "starting";
  const auto waiting = generate("a");
  link.state = "parked";
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
  link.state = "starting";
  const auto waiting = generate("b");
  engine.cancel("b");
  EXPECT_EQ(waiting->text, "cancelled");
  engine.cancel("unknown");
}

TEST_F(RemoteEngineTest, AnEngineThatIsReadyWhileARequestComesInGetsIt) {
  link.state = "starting";
  link.after_status = [this] {
    link.state = "ready";
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
