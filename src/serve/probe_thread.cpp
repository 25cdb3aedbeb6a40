#include "serve/probe_thread.h"

#include <algorithm>
#include <utility>

#include "platform/machine.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{100};
constexpr std::uint64_t kSwappedPagesMax = 256;  // in one run, before it is blamed on swapping
constexpr int kAnswersOfARunMax = 30;            // a run that takes longer than these gets nowhere

}  // namespace

ProbeThread::ProbeThread(ProbeWork work, ProbeReport& report, const std::atomic<bool>& stop)
    : work_(std::move(work)), report_(report), stop_(stop), thread_([this] { loop(); }) {}

bool ProbeThread::gets_on(Instant now) {
  bool late = false, changed = false;
  {
    const std::lock_guard lock(mutex_);
    late = running_ && now - began_ > kAnswersOfARunMax * work_.limits.limit;
    changed = std::exchange(late_, late) != late;
  }
  if (changed && late) report_.stuck(work_.name, "a run takes longer than it may");
  if (changed && !late) report_.unstuck(work_.name);
  return !late;
}

void ProbeThread::loop() {
  Instant next = Clock::now();
  while (!stop_) {
    if (Clock::now() < next && !(work_.due && work_.due())) {
      std::this_thread::sleep_for(kLookEvery);
      continue;
    }
    mark(true);
    const Instant began = Clock::now();
    const std::uint64_t restarts = work_.restarts ? work_.restarts() : 0;
    const std::uint64_t swapped = platform::pages_swapped();
    const auto checks = run();
    const supervisor::MemoryThen memory{platform::memory().available_bytes,
                                        platform::pages_swapped() - swapped,
                                        platform::memory_stall_percent()};
    std::string label = work_.label ? work_.label() : std::string();
    if (label.empty() && memory.pages_swapped > kSwappedPagesMax) label = "the machine swapped";
    probes::TrackLimits limits = work_.limits;
    if (work_.restarts && (restarts % 2 == 1 || restarts != work_.restarts())) {
      label = "a planned restart";  // of what was asked, on purpose: remembered, and no incident
      limits.warn_after = limits.act_after = limits.page_after = 0;
    }
    next = report_.run_ended(work_.name, began, checks, label, memory, limits);
    mark(false);
  }
}

std::vector<probes::Check> ProbeThread::run() {
  try {
    auto checks = work_.run();
    const bool hindered = std::any_of(checks.begin(), checks.end(), [](const auto& check) {
      return check.name == probes::kProbeItself && !check.passed;
    });
    if (std::exchange(hindered_, hindered) && !hindered)
      checks.push_back({probes::kProbeItself, true, 0, "nothing hinders it any more", {}, {}});
    return checks;
  } catch (const std::exception& error) {
    hindered_ = true;
    return {{probes::kProbeItself, false, 0, error.what(), {}, {}}};
  }
}

void ProbeThread::mark(bool running) {
  const std::lock_guard lock(mutex_);
  running_ = running;
  began_ = Clock::now();
}

}  // namespace sanctum::serve
