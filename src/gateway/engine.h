// The engine as the gateway sees it, wherever it runs.
//
// Thread rule: every function from any thread, none blocks. Listeners and callbacks may be called
// on any thread, also before the call that registered them returns.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wire/messages.h"

namespace sanctum::gateway {

// Called in order: `accepted` at most once, `delta` any number of times, then `completed` once.
class GenerateListener {
 public:
  virtual ~GenerateListener() = default;
  virtual void accepted(const wire::Accepted& accepted) = 0;
  // The engine died under it and the request waits for the next, where its answer goes on.
  virtual void interrupted() {}
  // It still waits: told now and then, so that nobody takes the silence for an end.
  virtual void waits() {}
  virtual void delta(const wire::RowDelta& row) = 0;
  virtual void completed(const wire::Completed& completed) = 0;  // `failure` is set when refused
};

struct EngineStatus {
  bool up = false;
  wire::WorkerState state = wire::WorkerState::kAbsent;
  std::string reason;
  std::string last_exit;
  int pid = 0;
  int starts = 0;
  bool in_crash_loop = false;  // it dies again and again; the next may come in half a minute
};

template <class T>
using Answered = std::function<void(const std::optional<wire::Failure>&, T)>;

class Engine {
 public:
  virtual ~Engine() = default;
  virtual void generate(wire::GenerateRequest request,
                        std::shared_ptr<GenerateListener> listener) = 0;
  virtual void cancel(const std::string& request) = 0;
  virtual void models(Answered<std::vector<wire::ModelInfo>> answered) = 0;
  virtual void stats(Answered<wire::EngineStats> answered) = 0;
  virtual EngineStatus status() const = 0;
};

}  // namespace sanctum::gateway
