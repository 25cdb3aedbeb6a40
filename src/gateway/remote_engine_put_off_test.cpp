#include "gateway/remote_engine_fixture.h"

namespace sanctum::gateway {
namespace {

using std::chrono::milliseconds;

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

}  // namespace
}  // namespace sanctum::gateway
