// Threads that compute masks while a device computes the step that comes before them. Where steps
// take the machine's own cores there are none: a mask that took a core in mid-step would make the
// kernels' threads wait for each other.
//
// Jobs are bounded by the sequences that run. Thread rule: the device thread's.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "base/thread_group.h"

namespace sanctum::engine {

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
  void tell_to_stop();

  std::mutex mutex_;  // guards the next two
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  ThreadGroup threads_;
};

}  // namespace sanctum::engine
