#include "gateway/refusal_log.h"

#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

TEST(RefusalBudget, TellsSoManyInAWindowAndThenHowManyWereNotTold) {
  RefusalBudget budget;
  const Instant begin = Clock::now();
  for (int line = 0; line < kRefusalLinesMax; ++line) EXPECT_EQ(budget.take(begin), 0u) << line;
  for (int more = 0; more < 3; ++more) EXPECT_EQ(budget.take(begin), std::nullopt);
  const Instant last = begin + kRefusalLinesWindow - std::chrono::nanoseconds(1);
  EXPECT_EQ(budget.take(last), std::nullopt);
  EXPECT_EQ(budget.take(begin + kRefusalLinesWindow), 4u);
  EXPECT_EQ(budget.take(begin + kRefusalLinesWindow), 0u);
}

}  // namespace
}  // namespace sanctum::gateway
