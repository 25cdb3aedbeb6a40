#include "keeper_simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "base/proving.h"

namespace sanctum::simulation {
namespace {

constexpr std::uint64_t kSeedsPerBug = 400;

// SANCTUM_SEED=N repeats one schedule.
TEST(KeeperSimulation, NoScheduleBreaksARule) {
  const char* one = std::getenv("SANCTUM_SEED");
  const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t count = one != nullptr ? 1 : proving() ? 50'000 : 1000;
  std::uint64_t events = 0;
  int starts = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const KeptOutcome outcome = simulate_keeper(seed);
    ASSERT_EQ(outcome.violation, "") << "SANCTUM_SEED=" << seed;
    events += outcome.events;
    starts += outcome.starts;
  }
  std::cout << count << " schedules, " << events / count << " events each, " << starts
            << " starts of a gateway\n";
}

TEST(KeeperSimulation, TheSameSeedIsTheSameSchedule) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(simulate_keeper(seed).events, simulate_keeper(seed).events);
}

class PlantedKeeperBug : public testing::TestWithParam<int> {};

TEST_P(PlantedKeeperBug, IsFound) {
  for (std::uint64_t seed = 1; seed <= kSeedsPerBug; ++seed) {
    const KeptOutcome outcome = simulate_keeper(seed, static_cast<KeeperBug>(GetParam()));
    if (outcome.violation.empty()) continue;
    std::cout << "seed " << seed << ": " << outcome.violation << "\n";
    return;
  }
  ADD_FAILURE() << "not in " << kSeedsPerBug << " schedules";
}

INSTANTIATE_TEST_SUITE_P(KeeperSimulation, PlantedKeeperBug,
                         testing::Range(static_cast<int>(KeeperBug::kNone) + 1,
                                        static_cast<int>(KeeperBug::kCanary)));

// If this is not found, nothing is.
TEST(KeeperSimulation, TheCanaryIsFoundInEverySchedule) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    EXPECT_NE(simulate_keeper(seed, KeeperBug::kCanary).violation, "") << seed;
}

}  // namespace
}  // namespace sanctum::simulation
