#include "engine/constraint.h"

#include <optional>
#include <utility>

#include "base/error.h"

namespace sanctum::engine {

MaskWorkers::MaskWorkers(int threads) {
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {  // a thread that nobody joins would end the process
    stop();
    throw;
  }
}

MaskWorkers::~MaskWorkers() {
  stop();
}

void MaskWorkers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void MaskWorkers::run(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void MaskWorkers::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

struct Constraint::Shared {
  std::unique_ptr<text::GrammarState> state;  // of whoever computes: the maker, then the job
  std::mutex mutex;                           // guards the next three
  std::condition_variable changed;
  bool ready = false;
  std::vector<std::uint32_t> mask;
  std::optional<Error> error;

  void step(int token) {
    std::vector<std::uint32_t> next;
    std::optional<Error> wrong;
    try {
      if (state->take({&token, 1}) != 1)
        throw Error(ErrorCode::kInternal,
                    "token " + std::to_string(token) + " does not stand in the grammar");
      next = state->mask();
    } catch (const Error& thrown) {
      wrong = thrown;
    }
    const std::lock_guard lock(mutex);
    mask = std::move(next);
    error = std::move(wrong);
    ready = true;
    changed.notify_one();
  }
};

Constraint::Constraint(std::unique_ptr<text::GrammarState> state)
    : shared_(std::make_shared<Shared>()) {
  shared_->state = std::move(state);
  shared_->mask = shared_->state->mask();
  shared_->ready = true;
}

void Constraint::take(int token, MaskWorkers& workers) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->error) return;
    shared_->ready = false;
  }
  workers.run([shared = shared_, token] { shared->step(token); });
}

std::span<const std::uint32_t> Constraint::mask() {
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait(lock, [this] { return shared_->ready; });
  if (shared_->error) throw *shared_->error;
  return shared_->mask;
}

}  // namespace sanctum::engine
