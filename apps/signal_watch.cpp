#include "apps/signal_watch.h"

#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/log.h"

namespace sanctum {

struct SignalWatch::Shared {
  void end() {
    const std::lock_guard lock(mutex);
    if (watched) actions.end();
  }
  // Does not come back. Waits for nothing: the lock may be held by who is stuck.
  [[noreturn]] void end_now() {
    if (mutex.try_lock() && watched) actions.at_once();
    log::flush();
    std::_Exit(exit_code);
  }

  SignalActions actions;
  std::chrono::milliseconds hard_limit;
  int exit_code;
  std::mutex mutex;
  bool watched = true;  // the owner is still there
};

SignalWatch::SignalWatch(SignalActions actions, std::chrono::milliseconds hard_limit, int exit_code)
    : shared_(std::make_shared<Shared>()) {
  shared_->actions = std::move(actions);
  shared_->hard_limit = hard_limit;
  shared_->exit_code = exit_code;
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([shared = shared_, signals] {
    int number = 0;
    ::sigwait(&signals, &number);
    if (number == SIGQUIT) {
      log::warn("stopping_now", {{"signal", number}});
      shared->end_now();
    }
    log::info("stopping", {{"signal", number}});
    shared->end();
    std::thread([shared] {
      std::this_thread::sleep_for(shared->hard_limit);
      log::error("stop_limit", {{"limit_ms", shared->hard_limit.count()}});
      shared->end_now();
    }).detach();
    ::sigwait(&signals, &number);
    log::warn("stopping_now", {{"signal", number}});
    shared->end_now();
  }).detach();
}

SignalWatch::~SignalWatch() {
  const std::lock_guard lock(shared_->mutex);
  shared_->watched = false;
}

}  // namespace sanctum
