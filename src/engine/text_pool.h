// A few threads for host-side text and picture work, so that none of it runs on the device thread
// or on the one that reads the socket. Jobs are bounded by the number of live requests and loads.
//
// Jobs are taken by turn, and in order within one: a probe waits for nobody, and has a thread of
// its own, so that it does not even wait for what has begun; a picture, which may take a second,
// comes after all the texts. Who has several pictures makes each a job, so that others come
// between.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "base/thread_group.h"

namespace sanctum::engine {

enum class Turn { kReserved, kText, kPicture };  // the first before the others

class TextPool {
 public:
  // `threads` for all, and one more for what is reserved.
  explicit TextPool(int threads);
  ~TextPool() { stop(); }
  // Waits for the jobs that have begun; the others, and later ones, are dropped.
  void stop();
  // The job must not throw.
  void run(Turn turn, std::function<void()> job);

 private:
  void tell_to_stop();
  // Jobs whose turn is at most `last`.
  void work(Turn last);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::deque<std::function<void()>>, 3> jobs_;  // by turn
  bool stopping_ = false;
  ThreadGroup threads_;
};

}  // namespace sanctum::engine
