#include "engine/mask_workers.h"

#include <utility>

namespace sanctum::engine {

MaskWorkers::MaskWorkers(int threads) {
  threads_.start(threads, [this] { work(); }, [this] { tell_to_stop(); });
}

MaskWorkers::~MaskWorkers() {
  tell_to_stop();
  threads_.join();
}

void MaskWorkers::tell_to_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
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

}  // namespace sanctum::engine
