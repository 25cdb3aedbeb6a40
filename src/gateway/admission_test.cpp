#include "gateway/admission.h"

#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

TEST(AdmissionPolicy, AdmitsUpToBothLimitsAndNoFurther) {
  AdmissionState state;
  const AdmissionLimits limits{2, 3};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admit(state, limits).admitted) << i;
  EXPECT_FALSE(admit(state, limits).admitted);
  EXPECT_EQ(state.live, 5);
  leave(state, 1);
  EXPECT_TRUE(admit(state, limits).admitted);
}

TEST(AdmissionPolicy, TheWaitGrowsWithServiceTimeWithinBounds) {
  AdmissionState state{.live = 12, .service_s = 3};
  EXPECT_EQ(admit(state, {4, 8}).retry_after_s, 7);  // 9 requests, 4 at a time, 3 s each
  state.service_s = 0.001;
  EXPECT_EQ(admit(state, {4, 8}).retry_after_s, 1);
  state.service_s = 1e9;
  EXPECT_EQ(admit(state, {4, 8}).retry_after_s, kRetryAfterMaxS);
}

TEST(AdmissionPolicy, ServiceTimeIsSmoothed) {
  AdmissionState state{.live = 100, .service_s = 1};
  for (int i = 0; i < 60; ++i) leave(state, 5);
  EXPECT_NEAR(state.service_s, 5, 0.05);
  leave(state, 100);
  EXPECT_LT(state.service_s, 16);
}

TEST(Gate, TicketsGiveTheirPlaceBack) {
  Gate gate({1, 1});
  int retry = 0;
  auto first = gate.enter(false, retry);
  auto second = gate.enter(false, retry);
  EXPECT_EQ(gate.running(), 1);
  EXPECT_EQ(gate.waiting(), 1);
  EXPECT_EQ(gate.enter(false, retry), nullptr);
  EXPECT_GE(retry, 1);
  first.reset();
  EXPECT_NE(gate.enter(false, retry), nullptr);
  EXPECT_EQ(gate.waiting(), 0);
}

TEST(Gate, AProbeHasAPlaceOfItsOwn) {
  Gate gate({1, 0});
  int retry = 0;
  const auto busy = gate.enter(false, retry);
  ASSERT_NE(busy, nullptr);
  auto probe = gate.enter(true, retry);
  ASSERT_NE(probe, nullptr);
  EXPECT_TRUE(probe->reserved());
  EXPECT_EQ(gate.running(), 1);
  EXPECT_EQ(gate.enter(true, retry), nullptr) << "one at a time; another is like anybody";
  probe.reset();
  EXPECT_NE(gate.enter(true, retry), nullptr);
}

}  // namespace
}  // namespace sanctum::gateway
