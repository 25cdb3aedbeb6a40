#include "engine/step_cost.h"

#include <gtest/gtest.h>

namespace sanctum::engine {
namespace {

TEST(StepCost, FindsTheLineThroughWhatItSaw) {
  StepCost cost;
  for (int i = 0; i < 500; ++i) cost.observe(1 + i % 40, 30 + 2.5 * (1 + i % 40));
  EXPECT_NEAR(cost.predict(8), 50, 1);
  EXPECT_NEAR(cost.predict(100), 280, 3);
  EXPECT_NEAR(cost.rows_within(280), 100, 1);
  EXPECT_EQ(cost.predict(0), 0) << "no step at all";
  EXPECT_EQ(cost.rows_within(5), 0);
}

TEST(StepCost, IsOfUseBeforeItSawAnything) {
  const StepCost cost;
  EXPECT_GT(cost.predict(1), 0);
  EXPECT_GT(cost.rows_within(400), 20);
  EXPECT_LT(cost.rows_within(400), 1000);
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
  EXPECT_GT(cost.predict(64), 110);
  EXPECT_LT(cost.rows_within(300), 500);
}

TEST(EncodeCost, FollowsWhatItSaw) {
  EncodeCost cost;
  for (int i = 0; i < 50; ++i) cost.observe(3e9, 100);
  EXPECT_NEAR(cost.work_within(10), 3e8, 1e6);
}

}  // namespace
}  // namespace sanctum::engine
