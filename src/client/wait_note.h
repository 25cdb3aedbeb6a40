// Says what a person waits for, when it takes longer than a moment; nothing otherwise.
//
// Thread rule: `reason` is called on a thread of its own, which also writes to `notes` until over()
// has returned; nobody else may meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <iosfwd>
#include <mutex>
#include <string>
#include <thread>

namespace sanctum::client {

inline constexpr std::chrono::milliseconds kSilentWait{2000};

class WaitNote {
 public:
  // Each reason that differs from the one before is a line, behind `before` and in brackets; an
  // empty one is none.
  WaitNote(std::function<std::string()> reason, std::ostream& notes,
           std::chrono::milliseconds every = kSilentWait, std::string before = "waiting: ");
  ~WaitNote() { over(); }
  WaitNote(const WaitNote&) = delete;
  WaitNote& operator=(const WaitNote&) = delete;
  // What was waited for has come. As often as one likes.
  void over();

 private:
  void run();

  const std::function<std::string()> reason_;
  std::ostream& notes_;
  const std::string before_;
  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace sanctum::client
