#include "engine/bounded_reads.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/watched_time.h"

namespace sanctum::engine {

using std::chrono::nanoseconds;

// Shared with the reading threads, which may outlive its owner.
class BoundedReads::State : public std::enable_shared_from_this<State> {
 public:
  explicit State(std::chrono::milliseconds limit) : limit_(limit) {}

  void run(const std::string& what, std::function<Then()> read, GivenUp given_up) {
    Lock lock(mutex_);
    if (stopping_) return;
    if (const auto refusal = refusal_of(what)) return tell(lock, [&] { given_up(*refusal); });
    waiting_.push_back({what, std::move(read), std::move(given_up)});
    begin_next(lock);
  }

  // Until stop().
  void watch() {
    Lock lock(mutex_);
    Instant looked = Clock::now();
    while (!stopping_) {
      if (begun_.empty()) {
        changed_.wait(lock);
        looked = Clock::now();
        continue;
      }
      changed_.wait_for(lock, kReadLookEvery);
      const nanoseconds passed = watched_time(looked, Clock::now(), kReadLookEvery);
      for (auto& [number, read] : begun_) read.took += passed;
      give_up_late(lock);
      begin_next(lock);
    }
  }

  void stop() {
    Lock lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    begun_.clear();
    changed_.notify_all();
    changed_.wait(lock, [&] { return telling_ == 0; });
  }

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Read {
    std::string what;
    std::function<Then()> read;
    GivenUp given_up;
    nanoseconds took{0};
  };

  std::optional<Error> refusal_of(const std::string& what) const {
    if (left_behind_.count(what) > 0) return Error(ErrorCode::kUnavailable, no_end_of(what));
    if (left_behind_.size() < kReadsLeftBehindMax) return std::nullopt;
    return Error(ErrorCode::kBusy, "too many reads (" + std::to_string(kReadsLeftBehindMax) +
                                       ") wait for disks that do not answer");
  }

  std::ptrdiff_t quick() const {
    return std::count_if(begun_.begin(), begun_.end(),
                         [](const auto& read) { return read.second.took < kReadIsSlowAfter; });
  }

  // The same in each try: it is one trouble.
  std::string no_end_of(const std::string& what) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit_).count();
    return "reading " + what + " did not end within " + std::to_string(seconds) +
           " s: is it on a disk or a network mount that does not answer?";
  }

  // Without the lock; stop() waits for its end.
  void tell(Lock& lock, const std::function<void()>& what) {
    ++telling_;
    lock.unlock();
    what();
    lock.lock();
    --telling_;
    changed_.notify_all();
  }

  void begin_next(Lock& lock) {
    while (!waiting_.empty() && quick() < kReadsTogether) {
      const std::uint64_t number = next_++;
      Read& next = begun_[number] = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
      try {
        std::thread([self = shared_from_this(), number, what = next.what,
                     read = std::exchange(next.read, nullptr)] {
          self->ended(number, what, read());
        }).detach();
      } catch (const std::exception& error) {
        const Read failed = take(number);
        tell(lock, [&] {
          failed.given_up(
              Error(ErrorCode::kUnavailable,
                    "the system has no thread to read " + failed.what + " with: " + error.what()));
        });
      }
    }
  }

  // On the reading thread.
  void ended(std::uint64_t number, const std::string& what, const Then& then) {
    Lock lock(mutex_);
    if (begun_.count(number) == 0) {  // nobody waits for it any more
      left_behind_.erase(what);
      return;
    }
    take(number);
    begin_next(lock);
    tell(lock, then);
  }

  void give_up_late(Lock& lock) {
    const auto late = std::find_if(begun_.begin(), begun_.end(),
                                   [&](const auto& read) { return read.second.took >= limit_; });
    if (late == begun_.end()) return;
    const Read read = take(late->first);
    left_behind_.insert(read.what);
    tell(lock, [&] { read.given_up(Error(ErrorCode::kDeadline, no_end_of(read.what))); });
  }

  Read take(std::uint64_t number) {
    const auto node = begun_.extract(number);
    return std::move(node.mapped());
  }

  const std::chrono::milliseconds limit_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::deque<Read> waiting_;
  std::map<std::uint64_t, Read> begun_;  // and not late
  std::set<std::string> left_behind_;
  std::uint64_t next_ = 0;
  int telling_ = 0;
  bool stopping_ = false;
};

BoundedReads::BoundedReads(std::chrono::milliseconds limit)
    : state_(std::make_shared<State>(limit)), watcher_([state = state_] { state->watch(); }) {}

void BoundedReads::run(const std::string& what, std::function<Then()> read, GivenUp given_up) {
  state_->run(what, std::move(read), std::move(given_up));
}

void BoundedReads::stop() {
  state_->stop();
  if (watcher_.joinable()) watcher_.join();
}

}  // namespace sanctum::engine
