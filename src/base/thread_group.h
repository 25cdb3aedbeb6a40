// Threads that are joined whatever happens: also when one of several could not be made, for a
// thread that nobody joins ends the process.
//
// Thread rule: of whoever owns it, one at a time.
#pragma once

#include <functional>
#include <thread>
#include <vector>

namespace sanctum {

class ThreadGroup {
 public:
  ThreadGroup() = default;
  // Waits for all: the owner has told them to return.
  ~ThreadGroup() { join(); }
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  // Starts `count` more, each running `work`. Where the system has none left, `tell` makes those
  // that began return, they are joined, and what was thrown (std::system_error) comes out.
  void start(int count, const std::function<void()>& work, const std::function<void()>& tell);
  void join();
  int size() const { return static_cast<int>(threads_.size()); }

 private:
  std::vector<std::thread> threads_;
};

}  // namespace sanctum
