#include "world.h"

#include <utility>

namespace sanctum::simulation {

void World::after(milliseconds delay, std::function<void()> what) {
  queue_.push({now_ + delay - slept_, made_++, std::move(what)});
}

void World::run_for(milliseconds time) {
  const Instant end = awake() + time;
  while (!queue_.empty() && violation_.empty() && queue_.top().at <= end) {
    // The queue hands out constant references; the event is gone right after.
    Event event = std::move(const_cast<Event&>(queue_.top()));
    queue_.pop();
    now_ = event.at + slept_;
    ++events_;
    event.what();
  }
  if (violation_.empty()) now_ = std::max(now_, end + slept_);
}

void World::sleep(milliseconds time) {
  slept_ += time;
  now_ += time;
}

int World::pick(int low, int high) {
  return low + static_cast<int>(random_() % static_cast<std::uint64_t>(high - low + 1));
}

bool World::chance(double probability) {
  return static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
}

void World::violated(const std::string& rule) {
  if (violation_.empty()) violation_ = rule;
}

}  // namespace sanctum::simulation
