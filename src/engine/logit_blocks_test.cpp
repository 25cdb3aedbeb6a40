#include "engine/logit_blocks.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace sanctum::engine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Of numbers that every library draws alike.
std::vector<float> some_logits(std::size_t size, unsigned seed) {
  std::mt19937 rng(seed);
  std::vector<float> out(size);
  for (float& x : out) x = static_cast<float>(rng() % 65536) / 2048 - 16;
  return out;
}

TEST(LogitBlocks, FindTheLargestWhereverItStands) {
  for (const std::size_t size : {1, 5, 16, 255, 256, 257, 1000}) {
    for (std::size_t at = 0; at < size; ++at) {
      std::vector<float> logits(size, -3.0f);
      logits[at] = 2.5f;
      logits[size - 1] = 2.5f;  // a tie goes to the smaller id
      const LogitBlocks row(logits);
      ASSERT_EQ(row.best(), static_cast<int>(at)) << size;
      ASSERT_EQ(row.largest(), 2.5f) << size;
    }
  }
}

TEST(LogitBlocks, WriteMinusInfinityOverWhatIsNoNumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t at : {0, 15, 16, 299}) {
    for (const float strange : {nan, -nan, kInfinity, -kInfinity}) {
      std::vector<float> logits(300, 1.0f);
      logits[at] = strange;
      logits[298] = 7;
      const LogitBlocks row(logits);
      EXPECT_EQ(logits[at], -kInfinity);
      EXPECT_EQ(row.best(), 298);
    }
  }
  std::vector<float> none(300, nan);
  EXPECT_EQ(LogitBlocks(none).largest(), -kInfinity);
}

TEST(LogitBlocks, AsManyLogitsAsAskedReachTheirBound) {
  std::vector<float> logits = some_logits(3000, 1);
  std::vector<float> sorted = logits;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const LogitBlocks row(logits);
  for (const std::size_t count : {1, 2, 11, 12, 13, 500, 3000}) {
    const float bound = row.reached_by(count);
    EXPECT_LE(bound, sorted[count - 1]);
    if (count > 12) EXPECT_EQ(bound, sorted[count - 1]);  // more than there are blocks
    std::vector<int> ids, expected;
    row.each_from(bound, [&](int id) { ids.push_back(id); });
    for (std::size_t i = 0; i < logits.size(); ++i)
      if (logits[i] >= bound) expected.push_back(static_cast<int>(i));
    EXPECT_EQ(ids, expected);
    EXPECT_GE(ids.size(), count);
  }
}

TEST(LogitBlocks, WeightsAreSumsOfExponentials) {
  for (const std::size_t size : {1, 3, 16, 256, 261, 4000}) {
    std::vector<float> logits = some_logits(size, 2);
    logits[size / 2] = -kInfinity;
    logits[0] = 15.5f;
    LogitBlocks row(logits);
    for (const double temperature : {1e-300, 1e-3, 0.04, 0.7, 1.0, 2.0}) {
      const std::vector<double>& weights = row.weights(temperature);
      ASSERT_EQ(weights.size(), (size + 255) / 256);
      for (std::size_t block = 0; block < weights.size(); ++block) {
        long double sum = 0;
        for (const float x : row.of(block))
          sum += std::exp((static_cast<long double>(x) - row.largest()) / temperature);
        EXPECT_NEAR(weights[block], sum, LogitBlocks::kWeightError * sum + 1e-300)
            << size << ", temperature " << temperature;
      }
    }
  }
}

// What they tell must not depend on the machine, so the bits are written down here.
TEST(LogitBlocks, WeightsHaveTheSameBitsEverywhere) {
  std::vector<float> logits = some_logits(5003, 3);
  LogitBlocks row(logits);
  std::uint64_t digest = 0;
  for (const double temperature : {0.6, 1.0, 2.0}) {
    for (const double weight : row.weights(temperature))
      digest = (std::rotl(digest, 7) ^ std::bit_cast<std::uint64_t>(weight)) * 0x9E3779B97F4A7C15u;
  }
  EXPECT_EQ(digest, 7535528864002183852u);
}

}  // namespace
}  // namespace sanctum::engine
