// The grammar that binds one sequence, its masks computed beside the device thread.
//
// Contract: mask() is of the tokens that were taken so far, whenever it was computed. What a
// grammar cannot go on with is an Error of mask(), which ends the sequence alone.
// Thread rule: the device thread's, once a text worker has made it; the workers are told by it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "text/grammar.h"

namespace sanctum::engine {

// Threads that compute masks. Jobs are bounded by the sequences that run.
class MaskWorkers {
 public:
  explicit MaskWorkers(int threads);
  ~MaskWorkers();
  MaskWorkers(const MaskWorkers&) = delete;
  MaskWorkers& operator=(const MaskWorkers&) = delete;
  // The job must not throw; a job that has not begun when this ends is dropped.
  void run(std::function<void()> job);

 private:
  void work();
  void stop();

  std::mutex mutex_;  // guards the next two
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

class Constraint {
 public:
  // Computes the first mask here. Throws Error(kInvalid) where the grammar's limits are met.
  explicit Constraint(std::unique_ptr<text::GrammarState> state);

  // By `workers`, which outlive this.
  void take(int token, MaskWorkers& workers);
  // Waits for it. Throws Error(kInternal) where a token was taken that may not stand there,
  // Error(kInvalid) where the grammar's limits are met. Valid until the next take().
  std::span<const std::uint32_t> mask();

 private:
  struct Shared;  // with the job that is running
  std::shared_ptr<Shared> shared_;
};

}  // namespace sanctum::engine
