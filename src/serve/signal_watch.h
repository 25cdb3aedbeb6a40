// What SIGTERM, SIGINT and SIGHUP do: the first asks for an end, the second ends at once, and so
// does the hard limit after the first, whatever the rest of the program is stuck in. SIGQUIT ends
// at once by itself: two signals of one kind that come together are one.
//
// Must exist before any other thread: it blocks the signals in all of them. Its threads outlive it,
// and leave alone what they were given from then on.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace sanctum::serve {

struct SignalActions {
  std::function<void()> end;      // on the first signal; must not block
  std::function<void()> at_once;  // before the process is ended; must not block
};

class SignalWatch {
 public:
  // `hard_limit`: from the first signal to the end with `exit_code`.
  SignalWatch(SignalActions actions, std::chrono::milliseconds hard_limit, int exit_code);
  ~SignalWatch();
  // Another hard limit, of a signal that comes later.
  void limit_is(std::chrono::milliseconds hard_limit);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace sanctum::serve
