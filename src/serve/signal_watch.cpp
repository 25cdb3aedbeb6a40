#include "serve/signal_watch.h"

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/log.h"

namespace sanctum::serve {

namespace {

// By `nohup`, which whoever started us wants honoured.
bool is_ignored(int signal) {
  struct sigaction now{};
  return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

struct SignalWatch::Shared {
  void end() {
    {
      const std::lock_guard lock(ending_mutex);
      ending = true;
    }
    told.notify_all();
    const std::lock_guard lock(mutex);
    if (watched) actions.end();
  }
  void limit() {
    std::unique_lock lock(ending_mutex);
    told.wait(lock, [this] { return ending; });
    const auto limit = hard_limit;
    lock.unlock();
    std::this_thread::sleep_for(limit);
    log::error("stop_limit", {{"limit_ms", limit.count()}});
    end_now();
  }
  // Does not come back. Waits for nothing: the lock may be held by who is stuck.
  [[noreturn]] void end_now() {
    if (mutex.try_lock() && watched) actions.at_once();
    log::flush();
    std::_Exit(exit_code);
  }

  SignalActions actions;
  int exit_code;
  std::mutex mutex;
  bool watched = true;      // the owner is still there
  std::mutex ending_mutex;  // guards the next two
  bool ending = false;
  std::chrono::milliseconds hard_limit;
  std::condition_variable told;
};

SignalWatch::SignalWatch(SignalActions actions, std::chrono::milliseconds hard_limit, int exit_code)
    : shared_(std::make_shared<Shared>()) {
  shared_->actions = std::move(actions);
  shared_->hard_limit = hard_limit;
  shared_->exit_code = exit_code;
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) sigaddset(&signals, number);
  if (!is_ignored(SIGHUP)) sigaddset(&signals, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // Both now: when the end comes, the system may have no thread to give.
  std::thread([shared = shared_] { shared->limit(); }).detach();
  std::thread([shared = shared_, signals] {
    int number = 0;
    ::sigwait(&signals, &number);
    if (number == SIGQUIT) {
      log::warn("stopping_now", {{"signal", number}});
      shared->end_now();
    }
    log::info("stopping", {{"signal", number}});
    shared->end();
    ::sigwait(&signals, &number);
    log::warn("stopping_now", {{"signal", number}});
    shared->end_now();
  }).detach();
}

void SignalWatch::limit_is(std::chrono::milliseconds hard_limit) {
  const std::lock_guard lock(shared_->ending_mutex);
  shared_->hard_limit = hard_limit;
}

SignalWatch::~SignalWatch() {
  const std::lock_guard lock(shared_->mutex);
  shared_->watched = false;
}

}  // namespace sanctum::serve
