#include "engine/step_cost.h"

#include <gtest/gtest.h>

namespace sanctum::engine {
namespace {

TEST(StepCost, FindsTheLineThroughWhatItSaw) {
  StepCost cost;
  for (int i = 0; i < 500; ++i) cost.observe(1 + i % 64, 30 + 2.5 * (1 + i % 64));
  EXPECT_NEAR(cost.predict(8), 50, 1);
  EXPECT_NEAR(cost.predict(100), 280, 3);
  EXPECT_NEAR(cost.rows_within(280), 100, 1);
  EXPECT_EQ(cost.predict(0), 0) << "no step at all";
  EXPECT_EQ(cost.rows_within(5), 0);
}

// The first step has to end in time on a device of which nothing is known: 4B weights on two cores
// take 25 ms for each row.
TEST(StepCost, IsOfUseBeforeItSawAnything) {
  const StepCost cost;
  EXPECT_GT(cost.predict(1), 0);
  EXPECT_GT(cost.rows_within(400), 8);
  EXPECT_LT(cost.rows_within(400), 32);
}

TEST(StepCost, FollowsADeviceThatSlowsDown) {
  StepCost cost;
  for (int i = 0; i < 500; ++i) cost.observe(1 + i % 40, 10 + (1 + i % 40));
  for (int i = 0; i < 150; ++i) cost.observe(1 + i % 40, 10 + 4 * (1 + i % 40));
  EXPECT_NEAR(cost.predict(20), 90, 5);
}

// All steps alike say nothing about what one more row would cost.
TEST(StepCost, StepsOfOneSizeDoNotMakeRowsFree) {
  StepCost cost;
  for (int i = 0; i < 500; ++i) cost.observe(8, 100);
  EXPECT_NEAR(cost.predict(8), 100, 1);
  EXPECT_GT(cost.predict(64), 600);
  EXPECT_LE(cost.rows_within(300), 24);
}

// A picture is encoded for a minute beside four streams. The first rows of its prompt, 228 of them,
// then held the streams up for 2.7 seconds.
TEST(StepCost, ALongTimeOfSmallStepsDoesNotUnlearnWhatARowCosts) {
  StepCost cost;
  for (int i = 0; i < 10; ++i) cost.observe(100, 46 + 12.0 * 100);
  for (int i = 0; i < 1000; ++i) cost.observe(4, 94);
  EXPECT_NEAR(cost.predict(4), 94, 1);
  EXPECT_NEAR(cost.predict(100), 1246, 15);
  EXPECT_NEAR(cost.rows_within(188), 12, 1);
}

// Two sizes that lie close together, and noise: their slope says nothing about large steps.
TEST(StepCost, DoesNotLeapBeyondTwiceWhatRan) {
  StepCost cost;
  for (int i = 0; i < 20; ++i) cost.observe(7, 100);
  cost.observe(8, 90);
  EXPECT_LE(cost.rows_within(200), 16);
  cost.observe(16, 200);
  EXPECT_LE(cost.rows_within(1e6), 32);
}

TEST(EncodeCost, FollowsWhatItSaw) {
  EncodeCost cost;
  for (int i = 0; i < 50; ++i) cost.observe(3e9, 100);
  EXPECT_NEAR(cost.work_within(10), 3e8, 1e6);
}

}  // namespace
}  // namespace sanctum::engine
