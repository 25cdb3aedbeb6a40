// A gateway's end of the conversation with who keeps it. When that one is gone, the gateway has its
// drain's time to end by itself; then it is ended, whatever it is stuck in.
//
// Thread rule: its own thread outlives it, and leaves alone what it was given from then on. Must be
// made once signals are watched.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "serve/keeper_message.h"

namespace sanctum::serve {

// Any thread.
void tell_keeper(int socket, const KeeperMessage& message);

struct KeeperGone {
  std::function<void()> end;      // must not block
  std::function<void()> at_once;  // before the process is ended; must not block
};

class OrphanWatch {
 public:
  // `limit`: from the keeper's end to ours, with `exit_code`.
  OrphanWatch(int socket, KeeperGone gone, std::chrono::milliseconds limit, int exit_code);
  ~OrphanWatch();
  OrphanWatch(const OrphanWatch&) = delete;
  OrphanWatch& operator=(const OrphanWatch&) = delete;

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace sanctum::serve
