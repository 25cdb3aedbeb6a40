#include "stress/tally.h"

#include <gtest/gtest.h>

namespace sanctum::stress {
namespace {

Tally tally(Pipeline pipeline, std::uint64_t ok, std::uint64_t errors, std::uint64_t wrong) {
  Tally t;
  t.pipeline = pipeline;
  t.ok = ok;
  t.errors = errors;
  t.wrong = wrong;
  return t;
}

TEST(Verdict, Table) {
  struct Case {
    const char* name;
    std::vector<Tally> pipelines;
    std::uint64_t crashes;
    bool cut_short;
    Verdict verdict;
  };
  const auto text = Pipeline::kText;
  const auto vision = Pipeline::kVision;
  const Case cases[] = {
      {"all right", {tally(text, 5, 0, 0), tally(vision, 5, 0, 0)}, 0, false, Verdict::kPass},
      {"one pipeline", {tally(text, 5, 0, 0)}, 0, false, Verdict::kPass},
      {"an error", {tally(text, 5, 1, 0), tally(vision, 5, 0, 0)}, 0, false, Verdict::kPartial},
      {"cut short", {tally(text, 5, 0, 0)}, 0, true, Verdict::kPartial},
      {"a wrong answer", {tally(text, 5, 0, 1), tally(vision, 5, 0, 0)}, 0, false, Verdict::kFail},
      {"wrong and error", {tally(text, 5, 1, 1)}, 0, false, Verdict::kFail},
      {"a crash", {tally(text, 5, 0, 0), tally(vision, 5, 0, 0)}, 1, false, Verdict::kFail},
      {"a crash with errors", {tally(text, 5, 9, 0)}, 1, false, Verdict::kFail},
      {"unserved", {tally(text, 5, 0, 0), tally(vision, 0, 0, 0)}, 0, false, Verdict::kFail},
      {"only errors", {tally(text, 0, 74'361, 0)}, 0, false, Verdict::kFail},
      {"nothing asked", {}, 0, false, Verdict::kFail},
  };
  for (const auto& c : cases) {
    const auto decision = decide(c.pipelines, c.crashes, c.cut_short);
    EXPECT_EQ(decision.verdict, c.verdict) << c.name << ": " << decision.reason;
    EXPECT_FALSE(decision.reason.empty()) << c.name;
  }
}

TEST(Verdict, ExitCodes) {
  EXPECT_EQ(static_cast<int>(Verdict::kPass), 0);
  EXPECT_EQ(static_cast<int>(Verdict::kPartial), 1);
  EXPECT_EQ(static_cast<int>(Verdict::kFail), 2);
}

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
