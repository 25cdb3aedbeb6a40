#include "gateway/probe_runs.h"

#include <utility>

#include "base/json.h"

namespace sanctum::gateway {

void ProbeRuns::add(const std::string& probe, std::int64_t began_us, std::string checks) {
  const std::lock_guard lock(mutex_);
  if (runs_.size() >= kProbesKnownMax && runs_.count(probe) == 0) return;
  Run& run = runs_[probe];
  run.began_us = began_us;
  run.checks = std::move(checks);
}

std::string ProbeRuns::to_json() const {
  const std::lock_guard lock(mutex_);
  json::Writer w;
  w.begin_object();
  for (const auto& [probe, run] : runs_) {
    w.key(probe).begin_object().field("began_us", run.began_us).key("checks").raw(run.checks);
    w.end_object();
  }
  w.end_object();
  return w.take();
}

}  // namespace sanctum::gateway
