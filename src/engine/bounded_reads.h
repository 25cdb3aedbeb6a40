// Reads of files that may lie on a disk that answers no more, such as a network mount that is gone:
// each on a thread of its own, and given up after a limit.
//
// A thread that waits for such a disk cannot be ended. It is left behind with what its read owns,
// and finds nobody who waits for it, should it ever return. Invariant: of every read either what it
// gave is run, or it is given up, or stop() dropped it; none of these after stop(). Thread rule:
// any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "base/error.h"

namespace sanctum::engine {

inline constexpr std::chrono::milliseconds kReadLimit{120'000};
inline constexpr int kReadsMax = 64;  // under way, with those that were left behind

class BoundedReads {
 public:
  using Then = std::function<void()>;
  using GivenUp = std::function<void(const Error&)>;

  explicit BoundedReads(std::chrono::milliseconds limit = kReadLimit);
  ~BoundedReads() { stop(); }
  BoundedReads(const BoundedReads&) = delete;
  BoundedReads& operator=(const BoundedReads&) = delete;

  // `read` may outlive this object and all that its caller owns, and must not throw. What it gives
  // is run on its thread. `given_up` is told kDeadline, on a thread of this object's; or, before
  // this returns, kBusy at kReadsMax and kUnavailable where the system has no thread.
  void run(std::function<Then()> read, GivenUp given_up);
  // Waits for what is run, and for no read.
  void stop();

 private:
  struct State;
  void watch();

  const std::shared_ptr<State> state_;
  std::thread watcher_;
};

}  // namespace sanctum::engine
