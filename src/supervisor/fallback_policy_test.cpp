#include "supervisor/fallback_policy.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::supervisor {
namespace {

using std::chrono::seconds;

const Instant kNow = Instant() + std::chrono::hours(1);

TEST(FallbackPolicy, TakesOverWhenTheEngineIsParkedAndUntilItIsProven) {
  FallbackState state;
  EXPECT_FALSE(on_request(state, false, false, kNow).forward);
  const auto first = on_request(state, true, false, kNow);
  EXPECT_TRUE(first.forward && first.began);
  const auto second = on_request(state, false, false, kNow + seconds(2));
  EXPECT_TRUE(second.forward) << "an engine that is up again has proven nothing yet";
  EXPECT_FALSE(second.began);
  EXPECT_TRUE(on_proof(state, kNow + seconds(1)).ended);
  EXPECT_FALSE(on_proof(state, kNow + seconds(1)).ended);
  EXPECT_FALSE(on_request(state, false, false, kNow).forward);
}

// Proofs are kept for a while, and told again with those of any other model or probe.
TEST(FallbackPolicy, AProofFromBeforeItTookOverProvesNothing) {
  FallbackState state;
  on_request(state, true, false, kNow);
  EXPECT_FALSE(on_proof(state, kNow - seconds(1)).ended);
  EXPECT_TRUE(on_request(state, false, false, kNow + seconds(1)).forward);
  EXPECT_TRUE(on_proof(state, kNow + seconds(2)).ended);
}

// One request for a model that nobody has sent everybody's there.
TEST(FallbackPolicy, AnUnknownModelSendsThereThatRequestAlone) {
  FallbackState state;
  const auto unknown = on_request(state, false, true, kNow);
  EXPECT_TRUE(unknown.forward);
  EXPECT_FALSE(unknown.began);
  EXPECT_FALSE(on_request(state, false, false, kNow).forward);
  on_mode(state, FallbackMode::kOff);
  EXPECT_FALSE(on_request(state, false, true, kNow).forward);
}

TEST(FallbackPolicy, APersonDecides) {
  FallbackState state;
  on_mode(state, FallbackMode::kOn);
  EXPECT_TRUE(on_request(state, false, false, kNow).began);
  EXPECT_FALSE(on_proof(state, kNow + seconds(1)).ended) << "it was switched on";
  EXPECT_TRUE(on_request(state, false, false, kNow).forward);
  EXPECT_TRUE(on_mode(state, FallbackMode::kOff).ended);
  EXPECT_FALSE(on_request(state, true, false, kNow).forward);
  EXPECT_FALSE(on_mode(state, FallbackMode::kAuto).ended);
  EXPECT_TRUE(on_request(state, true, false, kNow).forward);
}

TEST(FallbackPolicy, ModesHaveNames) {
  for (const auto mode : {FallbackMode::kAuto, FallbackMode::kOn, FallbackMode::kOff})
    EXPECT_EQ(fallback_mode(to_string(mode)), mode);
  EXPECT_THROW(fallback_mode("maybe"), Error);
}

}  // namespace
}  // namespace sanctum::supervisor
