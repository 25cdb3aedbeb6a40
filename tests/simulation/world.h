// A machine made of nothing but time and chance: what happens next, drawn from a seed.
//
// Events run in order of their time, those of one time in order of their making. Values; one
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"

namespace sanctum::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  Instant now() const { return now_; }
  void after(milliseconds delay, std::function<void()> what);
  // The same without the time that was slept.
  Instant awake() const { return now_ - slept_; }
  // Runs what happens in so much time awake; stops early at the first violation.
  void run_for(milliseconds time);
  // The clock moves, and nothing happens meanwhile: a machine that slept.
  void sleep(milliseconds time);

  int pick(int low, int high);  // both included
  bool chance(double probability);
  milliseconds time(int low_ms, int high_ms) { return milliseconds(pick(low_ms, high_ms)); }

  // A rule was broken. The first is what matters.
  void violated(const std::string& rule);
  const std::string& violation() const { return violation_; }
  std::uint64_t events() const { return events_; }

 private:
  struct Event {
    Instant at;
    std::uint64_t number;
    std::function<void()> what;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
  };
  std::mt19937_64 random_;
  Instant now_ = Instant() + std::chrono::hours(1);
  milliseconds slept_{0};
  std::priority_queue<Event, std::vector<Event>, Later> queue_;
  std::uint64_t made_ = 0, events_ = 0;
  std::string violation_;
};

}  // namespace sanctum::simulation
