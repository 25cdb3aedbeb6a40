#include "simulation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "base/proving.h"

namespace sanctum::simulation {
namespace {

constexpr std::uint64_t kSeedsPerBug = 400;

// SANCTUM_SEED=N repeats one schedule.
TEST(Simulation, NoScheduleBreaksARule) {
  const char* one = std::getenv("SANCTUM_SEED");
  const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t count = one != nullptr ? 1 : proving() ? 20'000 : 300;
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t events = 0;
  int starts = 0, requests = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Outcome outcome = simulate(seed);
    ASSERT_EQ(outcome.violation, "") << "SANCTUM_SEED=" << seed;
    events += outcome.events;
    starts += outcome.starts;
    requests += outcome.requests;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << count << " schedules, " << events / count << " events each, " << requests
            << " requests, " << starts << " starts of an engine, "
            << static_cast<int>(60 * static_cast<double>(count) / took.count())
            << " schedules a minute\n";
}

TEST(Simulation, TheSameSeedIsTheSameSchedule) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome first = simulate(seed), second = simulate(seed);
    EXPECT_EQ(first.events, second.events);
    EXPECT_EQ(first.starts, second.starts);
  }
}

class PlantedBug : public testing::TestWithParam<int> {};

TEST_P(PlantedBug, IsFound) {
  for (std::uint64_t seed = 1; seed <= kSeedsPerBug; ++seed) {
    const Outcome outcome = simulate(seed, static_cast<Bug>(GetParam()));
    if (outcome.violation.empty()) continue;
    std::cout << "seed " << seed << ": " << outcome.violation << "\n";
    return;
  }
  ADD_FAILURE() << "not in " << kSeedsPerBug << " schedules";
}

INSTANTIATE_TEST_SUITE_P(Simulation, PlantedBug,
                         testing::Range(static_cast<int>(Bug::kNone) + 1,
                                        static_cast<int>(Bug::kCanary)));

// If this is not found, nothing is.
TEST(Simulation, TheCanaryIsFoundInEverySchedule) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    EXPECT_NE(simulate(seed, Bug::kCanary).violation, "") << seed;
}

}  // namespace
}  // namespace sanctum::simulation
