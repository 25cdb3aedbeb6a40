#include "stress/verdict.h"

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

}  // namespace
}  // namespace sanctum::stress
