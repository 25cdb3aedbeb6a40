#include "stress/tally.h"

#include <gtest/gtest.h>

namespace sanctum::stress {
namespace {

TEST(Tally, CountsEachFindingOnce) {
  client::Answer answer;
  answer.ended = answer.sent + std::chrono::milliseconds(10);
  answer.completion_tokens = 7;
  Tally t;
  t.add(true, answer, {Finding::kOk, {}}, 1.0);
  t.add(true, answer, {Finding::kRefused, "full"}, 1.5);
  t.add(true, answer, {Finding::kCancelled, "left"}, 1.6);
  EXPECT_FALSE(t.first_failure_s);
  t.add(true, answer, {Finding::kWrong, "expected a, came b"}, 2.0);
  t.add(true, answer, {Finding::kError, "HTTP 500\x1B[2J"}, 3.0);
  t.give_up("full", 4.0);
  EXPECT_EQ(t.ok, 1u);
  EXPECT_EQ(t.streamed, 1u);
  EXPECT_EQ(t.refused, 1u);
  EXPECT_EQ(t.wrong, 1u);
  EXPECT_EQ(t.errors, 2u);
  EXPECT_EQ(t.tokens, 7u);
  EXPECT_EQ(t.latency.count(), 1u);
  EXPECT_EQ(t.first_failure_s, 2.0);
  ASSERT_EQ(t.failures.size(), 3u);
  EXPECT_EQ(t.failures[1].text, "HTTP 500[2J");
}

TEST(Tally, KeepsOnlyTheFirstFailures) {
  Tally t;
  for (int i = 0; i < 100; ++i) t.add(false, {}, {Finding::kError, std::string(1000, 'x')}, i);
  EXPECT_EQ(t.errors, 100u);
  ASSERT_EQ(t.failures.size(), kFailuresKept);
  EXPECT_EQ(t.failures.back().at_s, 4.0);
  EXPECT_LE(t.failures[0].text.size(), kFailureCharactersMax + 3);
}

}  // namespace
}  // namespace sanctum::stress
