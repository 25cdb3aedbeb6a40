// Counters and histograms in Prometheus's text form. Thread rule: any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/engine.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// What is read at the moment of a scrape.
struct MetricsSnapshot {
  EngineStatus engine;
  std::optional<wire::EngineStats> stats;  // nothing when the engine did not answer
  std::vector<wire::ModelInfo> models;
  int running = 0;
  int waiting = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void request(const std::string& api, int status, double seconds);
  void completed(const wire::Completed& completed);
  void forwarded();    // a request went to the fallback
  void interrupted();  // a request's engine died; the next goes on with it
  std::string render(const MetricsSnapshot& snapshot);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace sanctum::gateway
