// A few threads for host-side text and picture work, so that none of it runs on the device thread
// or on the one that reads the socket. Jobs are bounded by the number of live requests and loads.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sanctum::engine {

class TextPool {
 public:
  explicit TextPool(int threads);
  ~TextPool() { stop(); }
  // Waits for the jobs that have begun; the others, and later ones, are dropped.
  void stop();
  // The job must not throw.
  void run(std::function<void()> job);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sanctum::engine
