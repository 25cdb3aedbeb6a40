#include "stress/solo_pass.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "client/small_server.h"

namespace sanctum::stress {
namespace {

using client::response;
using client::SmallServer;

const std::string kAnswer = R"({"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}]})";
const std::string kError = R"({"error":{"message":"no"}})";

// What a server that answers with `status_of(body)` makes of two questions.
SoloPass asked(const std::function<int(const std::string&)>& status_of,
               const std::atomic<bool>* stop = nullptr) {
  SmallServer server([&](const SmallServer::Request& request, SmallServer::Peer& peer) {
    const int status = status_of(request.body);
    peer.write(response(status, "application/json", status == 200 ? kAnswer : kError,
                        status == 429 ? "Retry-After: 1\r\n" : ""));
  });
  std::vector<SoloQuestion> questions(2);
  questions[0].name = "first";
  questions[1].name = "second";
  for (auto& question : questions) {
    question.request.model = question.name;
    question.request.messages_json = "[]";
    question.request.logprobs = true;
  }
  client::ChatClient client({.url = server.url()});
  return ask_alone(questions, client, stop, [](Milliseconds) {}, {});
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(SoloPass, KeepsEveryAnswer) {
  const auto pass = asked([](const auto&) { return 200; });
  ASSERT_EQ(pass.twins.size(), 2u);
  EXPECT_TRUE(pass.failures.empty());
  EXPECT_EQ(pass.twins[1].question.name, "second");
  EXPECT_EQ(pass.twins[1].alone.content, "yes");
  EXPECT_TRUE(pass.twins[1].question.request.logprobs);
}

TEST(SoloPass, AFailureIsNoReference) {
  const auto pass = asked([](const auto& body) { return holds(body, "first") ? 500 : 200; });
  ASSERT_EQ(pass.twins.size(), 1u);
  EXPECT_EQ(pass.twins[0].question.name, "second");
  ASSERT_EQ(pass.failures.size(), 1u);
  EXPECT_EQ(pass.failures[0].text, "first, alone: HTTP 500: no");
}

TEST(SoloPass, AServerWithoutLogprobsIsAskedWithoutThem) {
  const auto pass = asked([](const auto& body) { return holds(body, "logprobs") ? 400 : 200; });
  ASSERT_EQ(pass.twins.size(), 2u);
  EXPECT_FALSE(pass.twins[0].question.request.logprobs);
}

TEST(SoloPass, ARefusalIsWaitedFor) {
  int refusals = 3;
  const auto pass = asked([&](const auto&) { return refusals-- > 0 ? 429 : 200; });
  EXPECT_EQ(pass.twins.size(), 2u);
  EXPECT_TRUE(pass.failures.empty());
}

TEST(SoloPass, StopsWhenAsked) {
  const std::atomic<bool> stop{true};
  const auto pass = asked([](const auto&) { return 200; }, &stop);
  EXPECT_TRUE(pass.twins.empty());
  EXPECT_TRUE(pass.failures.empty());
}

}  // namespace
}  // namespace sanctum::stress
