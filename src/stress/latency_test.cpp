#include "stress/latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace sanctum::stress {
namespace {

TEST(Latency, NothingIsZero) {
  EXPECT_EQ(Latency().percentile_us(0.5), 0);
  EXPECT_EQ(Latency().largest_us(), 0);
}

TEST(Latency, OneValueIsEveryPercentile) {
  Latency latency;
  latency.add(12'345);
  for (const double rank : {0.01, 0.5, 0.99, 1.0}) {
    EXPECT_NEAR(latency.percentile_us(rank), 12'345, 124) << rank;
  }
}

TEST(Latency, WithinOnePercentOfTheExactNearestRank) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> shape(9.0, 1.5);
  Latency latency;
  std::vector<std::int64_t> exact;
  for (int i = 0; i < 20'000; ++i) {
    exact.push_back(static_cast<std::int64_t>(shape(random)) + 2);
    latency.add(exact.back());
  }
  std::sort(exact.begin(), exact.end());
  for (const double rank : {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto place = static_cast<std::size_t>(std::ceil(rank * 20'000)) - 1;
    const auto wanted = static_cast<double>(exact[place]);
    EXPECT_NEAR(latency.percentile_us(rank), wanted, wanted * 0.0101) << rank;
  }
  EXPECT_EQ(latency.largest_us(), exact.back());
  EXPECT_EQ(latency.count(), 20'000u);
}

TEST(Latency, ExtremesStayInBounds) {
  Latency latency;
  for (const std::int64_t us : {std::int64_t{-5}, std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
    latency.add(us);
  }
  EXPECT_LE(latency.percentile_us(0.5), 1);
  EXPECT_GT(latency.percentile_us(1.0), 1e12);
}

}  // namespace
}  // namespace sanctum::stress
