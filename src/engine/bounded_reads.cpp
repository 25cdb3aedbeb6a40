#include "engine/bounded_reads.h"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/clock.h"

namespace sanctum::engine {

// Shared with the reading threads, which may outlive its owner.
struct BoundedReads::State {
  struct Pending {
    Instant until;
    GivenUp given_up;
  };
  explicit State(std::chrono::milliseconds limit_ms) : limit(limit_ms) {}

  const std::chrono::milliseconds limit;
  std::mutex mutex;  // guards the rest
  std::condition_variable changed;
  std::map<std::uint64_t, Pending> pending;  // in the order of their ends: one limit for all
  std::uint64_t next = 0;
  int threads = 0;  // that read
  int running = 0;  // callbacks
  bool stopping = false;

  // Takes the read, once: whoever has it runs its end, and says ended() then.
  std::optional<Pending> take(std::uint64_t number) {
    std::lock_guard lock(mutex);
    const auto found = pending.find(number);
    if (stopping || found == pending.end()) return std::nullopt;
    Pending out = std::move(found->second);
    pending.erase(found);
    ++running;
    return out;
  }
  void ended() {
    std::lock_guard lock(mutex);
    --running;
    changed.notify_all();
  }
};

BoundedReads::BoundedReads(std::chrono::milliseconds limit)
    : state_(std::make_shared<State>(limit)), watcher_([this] { watch(); }) {}

void BoundedReads::run(std::function<Then()> read, GivenUp given_up) {
  std::uint64_t number = 0;
  bool full = false;
  {
    std::lock_guard lock(state_->mutex);
    full = state_->threads >= kReadsMax;
    if (!full) {
      ++state_->threads;
      number = state_->next++;
      state_->pending.emplace(number, State::Pending{Clock::now() + state_->limit, given_up});
    }
  }
  if (full) {
    return given_up(
        Error(ErrorCode::kBusy, std::to_string(kReadsMax) + " reads of models have not ended yet"));
  }
  state_->changed.notify_all();
  try {
    std::thread([state = state_, number, read = std::move(read)] {
      Then then = read();
      if (state->take(number)) {
        then();
        then = nullptr;
        state->ended();
      }
      std::lock_guard lock(state->mutex);
      --state->threads;
    }).detach();
  } catch (const std::system_error& error) {
    {
      std::lock_guard lock(state_->mutex);
      --state_->threads;
      if (state_->pending.erase(number) == 0) return;
    }
    given_up(Error(ErrorCode::kUnavailable,
                   std::string("the system has no thread to read it with: ") + error.what()));
  }
}

void BoundedReads::watch() {
  std::unique_lock lock(state_->mutex);
  while (!state_->stopping) {
    if (state_->pending.empty()) {
      state_->changed.wait(lock);
      continue;
    }
    const auto& [number, first] = *state_->pending.begin();
    if (Clock::now() < first.until) {
      state_->changed.wait_until(lock, Instant(first.until));
      continue;
    }
    const std::uint64_t late = number;
    lock.unlock();
    if (const auto read = state_->take(late)) {
      read->given_up(Error(ErrorCode::kDeadline,
                           "nothing came of reading it for " +
                               std::to_string(state_->limit.count() / 1000) +
                               " s: is it on a disk or a network mount that does not answer?"));
      state_->ended();
    }
    lock.lock();
  }
}

void BoundedReads::stop() {
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    state_->pending.clear();
    state_->changed.notify_all();
    state_->changed.wait(lock, [&] { return state_->running == 0; });
  }
  if (watcher_.joinable()) watcher_.join();
}

}  // namespace sanctum::engine
