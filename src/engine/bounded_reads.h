// Reads of files that may lie on a disk that answers no more, such as a network mount that is gone:
// each on a thread of its own, a few at a time, and given up after a limit.
//
// A thread that waits for such a disk cannot be ended. It is left behind with what its read owns,
// and finds nobody who waits for it, should it ever return; until then nothing else is read under
// its name. Time in which nobody looked does not count: a machine that slept blames no disk.
// Invariant: of every read either what it gave is run, or it is given up, or stop() dropped it, and
// nothing of these begins after stop(). Thread rule: any thread; stop() not in what is run.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/error.h"

namespace sanctum::engine {

inline constexpr std::chrono::milliseconds kReadLimit{120'000};
inline constexpr std::chrono::milliseconds kReadLookEvery{250};
inline constexpr std::chrono::milliseconds kReadIsSlowAfter{2'000};  // others begin beside it
inline constexpr int kReadsTogether = 4;                             // of those that are not slow
inline constexpr std::size_t kReadsLeftBehindMax = 32;

class BoundedReads {
 public:
  // Neither these nor reads may throw: there is nobody to catch it.
  using Then = std::function<void()>;
  using GivenUp = std::function<void(const Error&)>;

  explicit BoundedReads(std::chrono::milliseconds limit = kReadLimit);
  ~BoundedReads() { stop(); }
  BoundedReads(const BoundedReads&) = delete;
  BoundedReads& operator=(const BoundedReads&) = delete;

  // `read` may outlive this object and all that its caller owns. What it gives is run on its
  // thread. `given_up`, now or later: kDeadline once the limit has passed; kUnavailable where the
  // system has no thread, or one was left behind under this name; kBusy where too many were.
  void run(const std::string& what, std::function<Then()> read, GivenUp given_up);
  // Waits for what is run, and for no read.
  void stop();

 private:
  class State;

  const std::shared_ptr<State> state_;
  std::thread watcher_;
};

}  // namespace sanctum::engine
