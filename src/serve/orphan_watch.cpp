#include "serve/orphan_watch.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/log.h"

namespace sanctum::serve {

void tell_keeper(int socket, const KeeperMessage& message) {
  const std::string text = keeper_line(message);
  // It reads all the time; if it is gone, its gateway's thread has seen it.
  [[maybe_unused]] const ssize_t written = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

struct OrphanWatch::Shared {
  void end() {
    const std::lock_guard lock(mutex);
    if (watched) gone.end();
  }
  // Waits for nothing: the lock may be held by who is stuck.
  [[noreturn]] void end_now() {
    if (mutex.try_lock() && watched) gone.at_once();
    log::flush();
    std::_Exit(exit_code);
  }

  KeeperGone gone;
  std::chrono::milliseconds limit;
  int exit_code;
  std::mutex mutex;
  bool watched = true;  // the owner is still there
};

OrphanWatch::OrphanWatch(int socket, KeeperGone gone, std::chrono::milliseconds limit,
                         int exit_code)
    : shared_(std::make_shared<Shared>()) {
  shared_->gone = std::move(gone);
  shared_->limit = limit;
  shared_->exit_code = exit_code;
  std::thread([shared = shared_, socket] {
    char bytes[64];
    ssize_t count = 0;
    do {
      count = ::read(socket, bytes, sizeof bytes);
    } while (count > 0 || (count < 0 && errno == EINTR));
    log::warn("keeper_gone", {{"limit_ms", shared->limit.count()}});
    shared->end();
    std::this_thread::sleep_for(shared->limit);
    log::error("stop_limit", {{"limit_ms", shared->limit.count()}});
    shared->end_now();
  }).detach();
}

OrphanWatch::~OrphanWatch() {
  const std::lock_guard lock(shared_->mutex);
  shared_->watched = false;
}

}  // namespace sanctum::serve
