// Ctrl-C as a flag that other code can look at.
//
// Contract: while an Interrupt lives, SIGINT sets its flag and ends waiting system calls, and does
// nothing else; the former handler comes back afterwards. One at a time in a process.
#pragma once

#include <atomic>
#include <csignal>

namespace sanctum::client {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  const std::atomic<bool>* flag() const;
  // Whether it was set; clears it.
  bool take();

 private:
  struct sigaction before_{};
};

}  // namespace sanctum::client
