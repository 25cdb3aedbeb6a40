#include "gateway/remote_engine.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "base/json.h"
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
  bool can_restart() const override { return patient; }
  void restarted() override { text += "again "; }
  void accepted(const wire::Accepted&) override { text += "accepted "; }
  void delta(const wire::RowDelta& row) override { text += row.content + " "; }
  void completed(const wire::Completed& c) override {
    text += c.failure ? std::string(to_string(c.failure->code)) : c.finish_reason;
    message = c.failure ? c.failure->message : "";
  }
  std::string text;
  std::string message;
  bool patient = false;
};

class RemoteEngineTest : public testing::Test {
 protected:
  std::shared_ptr<Log> generate(const std::string& id = "r") {
    wire::GenerateRequest request;
    request.request = id;
    request.model = "m";
    request.prompt = "x";
    auto log = std::make_shared<Log>();
    engine.generate(request, log);
    return log;
  }
  void tokens(const std::string& id, const std::string& content) {
    wire::TokensFrame frame{1, {{id, {1}, content, "", {}, {}}}};
    engine.notified(
        wire::Message(FakeLink::line(wire::notification_line("tokens", wire::encode(frame)))));
  }
  void completed(const std::string& id) {
    engine.notified(wire::Message(FakeLink::line(wire::notification_line(
        "completed", wire::encode(wire::Completed{id, "stop", "", {}, {}, {}})))));
  }
  FakeLink link;
  RemoteEngine engine{link, milliseconds(1000)};
};

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
  link.state = "starting";
  const auto served = generate("a");
  EXPECT_TRUE(link.sent.empty());
  link.state = "ready";
  engine.ready();
  ASSERT_EQ(link.sent.size(), 1u);
  link.state = "dead";
  const auto log = generate("b");
  engine.expire(Clock::now() + milliseconds(500));
  EXPECT_EQ(log->text, "");
  engine.expire(Clock::now() + milliseconds(1500));
  EXPECT_EQ(log->text, "unavailable");
  EXPECT_EQ(served->text, "") << "it was sent: the engine's own limits hold";
}

TEST_F(RemoteEngineTest, WithoutOutputItIsReplayedOnce) {
  const auto log = generate();
  link.accept(0);
  link.state = "dead";
  engine.died("the engine was killed");
  EXPECT_EQ(log->text, "accepted ");
  link.state = "ready";
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  EXPECT_EQ(link.sent[1].body, link.sent[0].body);
  link.accept(1);
  EXPECT_EQ(log->text, "accepted ") << "told once";
  engine.died("the engine was killed");
  EXPECT_EQ(log->text, "accepted unavailable") << "not a third time";
}

TEST_F(RemoteEngineTest, ALostCallIsReplayed) {
  const auto log = generate();
  link.state = "dead";
  link.refuse(0, wire::lost("gone"));
  engine.died("the engine was killed");
  link.state = "ready";
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  link.refuse(1, wire::lost("gone"));
  EXPECT_EQ(log->text, "unavailable");
}

TEST_F(RemoteEngineTest, ACallLostToAnEngineThatStillSeemsUpWaitsForTheNext) {
  const auto log = generate();
  link.refuse(0, wire::lost("gone"));  // nobody has noticed yet
  EXPECT_EQ(link.sent.size(), 1u);
  EXPECT_EQ(log->text, "");
  engine.died("the engine was killed");
  link.starts = 2;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  link.accept(1);
  EXPECT_EQ(log->text, "accepted ");
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

TEST_F(RemoteEngineTest, AfterOutputItFailsClearly) {
  const auto log = generate();
  link.accept(0);
  tokens("r", "a");
  engine.died("the engine was killed by SIGKILL");
  EXPECT_EQ(log->text, "accepted a unavailable");
  EXPECT_NE(log->message.find("SIGKILL"), std::string::npos);
}

TEST_F(RemoteEngineTest, WhoCanStartOverDoesSoOnce) {
  const auto log = generate();
  log->patient = true;
  link.accept(0);
  tokens("r", "a");
  engine.died("the engine was killed");
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  EXPECT_EQ(link.sent[1].body, link.sent[0].body);
  tokens("r", "b");
  completed("r");
  EXPECT_EQ(log->text, "accepted a again b stop");
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
  engine.died("x");
  EXPECT_EQ(sent->text, "unavailable") << "nobody wants a replay";
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
  engine.died("the engine was killed");
  link.starts = 2;
  engine.ready();
  ASSERT_EQ(link.sent.size(), 2u);
  link.refuse(0, wire::lost("gone"));  // late
  link.accept(1);
  completed("r");
  EXPECT_EQ(log->text, "accepted stop");
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
