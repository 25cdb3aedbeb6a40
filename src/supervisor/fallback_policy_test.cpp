#include "supervisor/fallback_policy.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::supervisor {
namespace {

TEST(FallbackPolicy, TakesOverWhenTheEngineIsParkedAndUntilItIsProven) {
  FallbackState state;
  EXPECT_FALSE(on_request(state, false).forward);
  const auto first = on_request(state, true);
  EXPECT_TRUE(first.forward && first.began);
  const auto second = on_request(state, false);
  EXPECT_TRUE(second.forward) << "an engine that is up again has proven nothing yet";
  EXPECT_FALSE(second.began);
  EXPECT_TRUE(on_proof(state).ended);
  EXPECT_FALSE(on_proof(state).ended);
  EXPECT_FALSE(on_request(state, false).forward);
}

TEST(FallbackPolicy, APersonDecides) {
  FallbackState state;
  on_mode(state, FallbackMode::kOn);
  EXPECT_TRUE(on_request(state, false).began);
  EXPECT_FALSE(on_proof(state).ended) << "it was switched on";
  EXPECT_TRUE(on_request(state, false).forward);
  EXPECT_TRUE(on_mode(state, FallbackMode::kOff).ended);
  EXPECT_FALSE(on_request(state, true).forward);
  EXPECT_FALSE(on_mode(state, FallbackMode::kAuto).ended);
  EXPECT_TRUE(on_request(state, true).forward);
}

TEST(FallbackPolicy, ModesHaveNames) {
  for (const auto mode : {FallbackMode::kAuto, FallbackMode::kOn, FallbackMode::kOff})
    EXPECT_EQ(fallback_mode(to_string(mode)), mode);
  EXPECT_THROW(fallback_mode("maybe"), Error);
}

}  // namespace
}  // namespace sanctum::supervisor
