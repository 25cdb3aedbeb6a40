// One probe: a thread of its own, that shares nothing with the others but what it reports.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/probe_report.h"

namespace sanctum::serve {

struct ProbeWork {
  std::string name;
  probes::TrackLimits limits;
  std::function<std::vector<probes::Check>()> run;
  // Asked now and then between two runs: whether the next one is due at once.
  std::function<bool()> due = {};
  // What is going on that a failure may come of; empty for nothing.
  std::function<std::string()> label = {};
  // Beginnings and ends of planned restarts so far: odd while one goes on.
  std::function<std::uint64_t()> restarts = {};
};

class ProbeThread {
 public:
  // `stop` ends it between two runs.
  ProbeThread(ProbeWork work, ProbeReport& report, const std::atomic<bool>& stop);
  ~ProbeThread() { thread_.join(); }
  ProbeThread(const ProbeThread&) = delete;
  ProbeThread& operator=(const ProbeThread&) = delete;

  // Whether its run keeps within what a run may take; reports when that changes.
  bool gets_on(Instant now);

 private:
  void loop();
  std::vector<probes::Check> run();
  void mark(bool running);

  const ProbeWork work_;
  ProbeReport& report_;
  const std::atomic<bool>& stop_;
  bool hindered_ = false;  // the probe itself, the last time; the thread's own
  std::mutex mutex_;       // guards the next three
  bool running_ = false, late_ = false;
  Instant began_{};
  std::thread thread_;
};

}  // namespace sanctum::serve
