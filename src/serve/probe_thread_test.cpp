#include "serve/probe_thread.h"

#include <gtest/gtest.h>

#include <condition_variable>

#include "base/test_directory.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;

// One that fails each time, and how many incidents are open after each run.
class FailingProbe {
 public:
  // `restarts_while(n)`: beginnings and ends of planned restarts by the end of run n.
  explicit FailingProbe(const std::function<std::uint64_t(int)>& restarts_while)
      : report_(directory_.path(), {.tell = [this](const std::string&, Instant, const auto&,
                                                   const auto& open) { told(open.size()); }}),
        thread_({.name = "works",
                 .limits = {.every = milliseconds(1), .again = milliseconds(1)},
                 .run =
                     [this, restarts_while] {
                       restarts_ = restarts_while(runs_++);
                       return std::vector<probes::Check>{
                           {"a question", false, 0, "Failed to connect", {}, {}}};
                     },
                 .restarts = [this] { return restarts_.load(); }},
                report_, stop_) {}
  ~FailingProbe() { stop_ = true; }

  std::vector<std::size_t> open_after(std::size_t runs) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_.size() >= runs; });
    return {open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(runs)};
  }

 private:
  void told(std::size_t open) {
    const std::lock_guard lock(mutex_);
    open_.push_back(open);
    changed_.notify_all();
  }

  const TestDirectory directory_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> open_;
  int runs_ = 0;  // of the probe's thread
  std::atomic<std::uint64_t> restarts_{0};
  std::atomic<bool> stop_{false};
  ProbeReport report_;
  ProbeThread thread_;
};

using Open = std::vector<std::size_t>;

// A run on a busy machine met a restart that had been asked for, and left an incident.
TEST(ProbeThread, WhatFailsInAPlannedRestartIsNoIncident) {
  FailingProbe probe([](int run) { return run < 2 ? 1u : 2u; });  // it ends in the third run
  EXPECT_EQ(probe.open_after(4), (Open{0, 0, 0, 1}));
}

TEST(ProbeThread, ARestartThatWasWithinOneRunCounts) {
  FailingProbe probe([](int) { return 2u; });
  EXPECT_EQ(probe.open_after(2), (Open{0, 1}));
}

}  // namespace
}  // namespace sanctum::serve
