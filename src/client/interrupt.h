// Ctrl-C, or other signals, as a flag that other code can look at.
//
// Contract: while an Interrupt lives, its signals set its flag and end waiting system calls, and do
// nothing else; the former handlers come back afterwards. One at a time in a process.
#pragma once

#include <atomic>
#include <csignal>
#include <vector>

namespace sanctum::client {

class Interrupt {
 public:
  explicit Interrupt(const std::vector<int>& signals = {SIGINT});
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  const std::atomic<bool>* flag() const;
  // Whether it was set; clears it.
  bool take();

 private:
  struct Former {
    int signal;
    struct sigaction action;
  };
  std::vector<Former> before_;
};

}  // namespace sanctum::client
