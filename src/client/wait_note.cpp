#include "client/wait_note.h"

#include <exception>
#include <ostream>
#include <utility>

#include "client/printable.h"

namespace sanctum::client {
namespace {

constexpr std::size_t kReasonCharactersMax = 300;

}  // namespace

WaitNote::WaitNote(std::function<std::string()> reason, std::ostream& notes,
                   std::chrono::milliseconds every, std::string before)
    : reason_(std::move(reason)),
      notes_(notes),
      before_(std::move(before)),
      every_(every),
      thread_([this] { run(); }) {}

void WaitNote::over() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void WaitNote::run() {
  std::string said;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, every_, [this] { return over_; })) {
    lock.unlock();
    std::string reason;
    try {
      reason = printable_line(reason_(), kReasonCharactersMax);
    } catch (const std::exception&) {  // it is a courtesy
    }
    lock.lock();
    if (over_ || reason.empty() || reason == said) continue;
    notes_ << "(" << before_ << reason << ")" << std::endl;
    said = reason;
  }
}

}  // namespace sanctum::client
