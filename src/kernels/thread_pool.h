// A few threads that share the items of one job after another.
//
// Contract: run() is called by one thread at a time, which works too and returns when every item is
// done. Which thread runs an item must not matter: items write to places of their own. Idle threads
// spin for at most kSpin and then park. Every item runs with denormals flushed (see denormals.h),
// the caller's own and a job of one too.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/thread_group.h"

namespace sanctum::kernels {

class ThreadPool {
 public:
  static constexpr std::chrono::microseconds kSpin{50};
  static constexpr int kThreadsMax = 256;
  static constexpr int kItemsMax = (1 << 24) - kThreadsMax - 1;

  // `threads` work on a job, the caller among them: threads - 1 are started.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return workers_.size() + 1; }
  // Calls work(0) to work(items - 1), each once. `work` must not throw and must not call run().
  void run(int items, const std::function<void(int)>& work);

 private:
  void tell_to_stop();
  // One word says all about a job: its number, how many items it has and the next to take. An item
  // taken from it keeps the job open, so a thread that comes late never sees half of the next one.
  struct Ticket {
    std::uint64_t word;
    int items() const { return static_cast<int>(word >> 24 & 0xffffff); }
    int next() const { return static_cast<int>(word & 0xffffff); }
    bool open() const { return next() < items(); }
  };

  void worker();
  // Takes items until none is left.
  void work_on_job();

  // Each on lines of its own: whoever takes an item must not take done_ away from whoever has done
  // one, nor the caller's own from those who work.
  static constexpr std::size_t kOwnLine = 128;  // two lines, which processors fetch together
  alignas(kOwnLine) std::atomic<std::uint64_t> ticket_{0};
  alignas(kOwnLine) std::atomic<int> done_{0};
  alignas(kOwnLine) std::atomic<bool> stopping_{false};
  const std::function<void(int)>* work_ = nullptr;  // of the open job
  std::uint64_t jobs_ = 0;
  ThreadGroup workers_;
};

}  // namespace sanctum::kernels
