#include "probes/works.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <filesystem>

#include "base/error.h"
#include "base/json.h"
#include "base/test_directory.h"
#include "client/small_server.h"

namespace sanctum::probes {
namespace {

using client::SmallServer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kBattery = R"([
  {"name":"sum","kind":"text","messages":[{"role":"user","content":"2+3?"}],"expect":{"last_number":5}},
  {"name":"colour","kind":"vision","messages":[{"role":"user","content":"which?"}],"expect":{"contains":"red"}}])";

class WorksTest : public testing::Test {
 protected:
  std::vector<std::string> check(const LoadedModel& model) {
    WorksOptions options;
    options.endpoint.url = server_.url();
    options.endpoint.probe = "secret";
    options.limit = limit_;
    options.digest = [this](const LoadedModel&) { return digest_; };
    options.loading = [this] { return loading_; };
    std::vector<std::string> lines;
    for (const auto& check : check_works({model}, options, goldens_))
      lines.push_back((!check.may_act         ? "x "
                       : check.passed         ? "+ "
                       : !check.label.empty() ? "~ "
                                              : "- ") +
                      check.name + ": " + check.detail);
    return lines;
  }
  LoadedModel stranger() const {
    return {"m", directory_.path("none"), false, true, 7, "kernels of format 1"};
  }

  const TestDirectory directory_;
  Goldens goldens_{directory_.path("goldens")};
  std::optional<std::string> digest_ = "aa";
  std::chrono::milliseconds limit_{20'000};
  bool loading_ = false;
  int refusal_ = 0;            // HTTP
  int tokens_ = 0;             // of an answer, as it is told
  std::string extra_headers_;  // of an answer
  std::vector<std::string> heads_;
  std::deque<std::string> answers_;
  SmallServer server_{[this](const SmallServer::Request& request, SmallServer::Peer& peer) {
    heads_.push_back(request.head);
    if (answers_.empty()) {
      peer.closed_by_client();
      return peer.hang_up();
    }
    json::Writer w;
    w.begin_object().field("object", "chat.completion").key("choices").begin_array();
    w.begin_object().field("index", 0).field("finish_reason", "stop").key("message");
    w.begin_object().field("role", "assistant").field("content", answers_.front()).end_object();
    w.field("text", answers_.front()).end_object().end_array();
    w.key("usage").begin_object().field("completion_tokens", tokens_).end_object().end_object();
    answers_.pop_front();
    if (refusal_ != 0)
      return peer.write(client::response(refusal_, "application/json",
                                         R"({"error":{"message":"not you","type":"x"}})"));
    peer.write(client::response(200, "application/json", w.take(), extra_headers_));
  }};
};

TEST_F(WorksTest, AModelWithABatteryHasToBeRightInEachModality) {
  directory_.write("battery.json", kBattery);
  const LoadedModel model{"m", directory_.path(""), true, true, 7};
  answers_ = {"It is 5.", "A red one."};
  EXPECT_THAT(check(model), ElementsAre("+ 'm' in text: sum: as expected",
                                        "+ 'm' in vision: colour: as expected"));
  for (const auto& head : heads_) EXPECT_THAT(head, HasSubstr("Sanctum-Probe: secret"));
  answers_ = {"It is 6.", "A red one."};
  const auto lines = check(model);
  EXPECT_THAT(lines[0], HasSubstr("- 'm' in text: sum: expected"));
  EXPECT_THAT(lines[1], HasSubstr("+ 'm' in vision")) << "each modality for itself";
}

// It was refused, and the model never proven.
TEST_F(WorksTest, AModelThatKnowsOfNoToolsIsGivenNone) {
  directory_.write("battery.json",
                   R"([{"name":"sum","kind":"text","messages":[{"role":"user","content":"2+3?"}],
                        "expect":{"last_number":5}},
                       {"name":"tool","kind":"tool","messages":[{"role":"user","content":"w?"}],
                        "tools":[],"expect":{"last_number":9}}])");
  LoadedModel model{"m", directory_.path(""), false, true, 7};
  model.tools = false;
  answers_ = {"5"};
  EXPECT_THAT(check(model), ElementsAre("+ 'm' in text: sum: as expected"));
}

TEST_F(WorksTest, AModelThatSeesNothingIsShownNothing) {
  directory_.write("battery.json", kBattery);
  answers_ = {"5"};
  EXPECT_EQ(check({"m", directory_.path(""), false, true, 7}).size(), 1u);
}

TEST_F(WorksTest, WhatAStrangerSaidFirstHasToComeAgain) {
  answers_ = {"abc", "abc", "abd"};
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("+ 'm' in text: arithmetic: recorded")));
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("as these weights said before")));
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("- 'm' in text")));
}

// It was asked for a chat, and never proven.
TEST_F(WorksTest, AModelThatAnswersNoChatsGoesOnWithAPrompt) {
  LoadedModel base = stranger();
  base.no_chat = "it has no chat template";
  base.vision = true;
  answers_ = {" Paris", " Paris", " Rome", ""};
  EXPECT_THAT(check(base), ElementsAre(HasSubstr("+ 'm' in text: prompt: recorded as")));
  EXPECT_THAT(heads_.front(), HasSubstr("POST /v1/completions "));
  EXPECT_THAT(check(base), ElementsAre(HasSubstr("+ 'm' in text: prompt: as these weights said")));
  EXPECT_THAT(check(base), ElementsAre(HasSubstr("- 'm' in text: prompt: these weights said")));
  EXPECT_THAT(check(base), ElementsAre(HasSubstr("- 'm' in text: prompt: it said nothing")));
  tokens_ = 24;
  answers_ = {""};
  base.same_under_load = false;
  EXPECT_THAT(check(base), ElementsAre(HasSubstr("+ 'm' in text: prompt: it answers")))
      << "tokens may spell nothing";
}

TEST_F(WorksTest, OtherWeightsMaySayOtherThings) {
  answers_ = {"abc", "abd"};
  check(stranger());
  digest_ = "bb";
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("+ 'm' in text: arithmetic: recorded")));
}

// After an upgrade of the arithmetic, a healthy engine was replaced for what the former one had
// said.
TEST_F(WorksTest, WithOtherNumbersItIsRecordedAnewAndSaysSo) {
  answers_ = {"abc", "abd", "abd", "abe"};
  check(stranger());
  LoadedModel upgraded = stranger();
  upgraded.numbers = "kernels of format 2";
  EXPECT_THAT(check(upgraded),
              ElementsAre(AllOf(HasSubstr("+ 'm' in text: arithmetic: recorded anew"),
                                HasSubstr("format 1"), HasSubstr("format 2"))));
  EXPECT_THAT(check(upgraded), ElementsAre(HasSubstr("as these weights said before")));
  EXPECT_THAT(check(upgraded), ElementsAre(HasSubstr("- 'm' in text")));
}

TEST_F(WorksTest, AGoldenThatTellsNoTermsIsRecordedAnew) {
  directory_.write("goldens/aa.arithmetic.json", R"({"question":"arithmetic","answer":"old"})");
  answers_ = {"abc", "abc"};
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("recorded anew")));
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("as these weights said before")));
}

// On a full disk an engine was replaced that had answered.
TEST_F(WorksTest, WhatTheProbeCannotRecordIsNoVerdict) {
  directory_.write("goldens", "a file where the directory should be");
  answers_ = {"abc", ""};
  EXPECT_THAT(check(stranger()),
              ElementsAre(HasSubstr("+ 'm' in text: arithmetic: it answers; that cannot be"),
                          HasSubstr("- the probe itself: what 'm' says cannot be compared")));
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("- 'm' in text"))) << "silence is one";
}

TEST_F(WorksTest, WhatTheProbeCannotReadIsNoVerdict) {
  directory_.write("battery.json", "[{");
  answers_ = {"abc", "abc"};
  const LoadedModel model{"m", directory_.path(""), false, true, 7, "x"};
  EXPECT_THAT(check(model), ElementsAre(HasSubstr("+ 'm' in text: arithmetic: recorded"),
                                        HasSubstr("- the probe itself: 'm' is asked other")));
  directory_.write("battery.json", kBattery);
  const std::string golden = directory_.path("goldens/aa.arithmetic.json");
  std::filesystem::remove(golden);
  std::filesystem::create_symlink(golden, golden);  // ELOOP
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("+ 'm' in text: arithmetic: it answers"),
                                             HasSubstr("- the probe itself")));
}

// There was "no question for it", which was held against the model.
TEST_F(WorksTest, ABatteryWithoutAModalityLeavesItToTheBuiltInOne) {
  directory_.write("battery.json",
                   R"([{"name":"sum","kind":"text","messages":[{"role":"user","content":"2+3?"}],
                        "expect":{"last_number":5}}])");
  answers_ = {"5", "a red one"};
  EXPECT_THAT(check({"m", directory_.path(""), true, true, 7, "x"}),
              ElementsAre("+ 'm' in text: sum: as expected",
                          HasSubstr("+ 'm' in vision: one-pixel color: recorded")));
}

TEST_F(WorksTest, ARefusalIsNoVerdict) {
  for (const int status : {400, 401, 403, 404, 429, 503}) {
    refusal_ = status;
    answers_ = {"abc"};
    EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("x 'm' in text: arithmetic: ")));
  }
  refusal_ = 500;
  answers_ = {"abc"};
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("- 'm' in text: arithmetic: ")));
}

// A watcher without the secret paged: the other server's words were not the engine's.
TEST_F(WorksTest, WhatTheFallbackSaysIsNoVerdict) {
  answers_ = {"abc", "another's", "abc"};
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("recorded")));
  extra_headers_ = "X-Sanctum-Served-By: http://127.0.0.1:9\r\n";
  EXPECT_THAT(check(stranger()), ElementsAre(AllOf(HasSubstr("- the probe itself"),
                                                   HasSubstr("the fallback http://127.0.0.1:9"))));
  extra_headers_.clear();
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("+ 'm' in text")));
}

TEST_F(WorksTest, WhatIsNotComparedIsSaid) {
  answers_ = {"abc", "abd", "abe"};
  LoadedModel other = stranger();
  other.same_under_load = false;
  EXPECT_THAT(check(other), ElementsAre(HasSubstr("they are not compared")));
  digest_.reset();
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("still being hashed")));
}

TEST_F(WorksTest, SilenceAndHangingAreFailures) {
  answers_ = {""};
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("- 'm' in text: arithmetic: ")));
  limit_ = std::chrono::milliseconds(200);
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("- 'm' in text: arithmetic: ")));
}

// A long load, tried again at night, had the engine replaced in the middle of it, and again.
TEST_F(WorksTest, WhoIsLateWhileAModelIsLoadingIsLabelled) {
  loading_ = true;
  answers_ = {""};
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("- 'm' in text"))) << "silence is not late";
  limit_ = std::chrono::milliseconds(200);
  EXPECT_THAT(check(stranger()), ElementsAre(HasSubstr("~ 'm' in text: arithmetic: ")));
}

// For each of these a healthy engine was replaced.
TEST(Works, WhoIsTurnedAwayActsOnNoEngine) {
  const TestDirectory directory;
  Goldens goldens(directory.path("goldens"));
  WorksOptions options;
  options.limit = std::chrono::milliseconds(20'000);
  options.digest = [](const LoadedModel&) { return std::optional<std::string>("aa"); };
  const auto may_act = [&](const std::string& url) {
    options.endpoint.url = url;
    const auto checks =
        check_works({{"m", directory.path("none"), false, true, 7}}, options, goldens);
    EXPECT_EQ(checks.size(), 1u);
    EXPECT_FALSE(checks.at(0).passed);
    return checks.at(0).may_act;
  };
  std::atomic<int> status = 0;
  SmallServer server([&](const SmallServer::Request&, SmallServer::Peer& peer) {
    if (status != 0)
      peer.write(client::response(status, "application/json", R"({"error":{"message":"no"}})"));
    peer.hang_up();
  });
  for (status = 0; const int turned_away : {0, 401, 403, 429, 503}) {
    status = turned_away;
    EXPECT_FALSE(may_act(server.url())) << status;
  }
  EXPECT_FALSE(may_act("http://127.0.0.1:1"));
  status = 500;
  EXPECT_TRUE(may_act(server.url())) << "an engine that fails is replaced";
}

}  // namespace
}  // namespace sanctum::probes
