#include "engine/text_pool.h"

#include <algorithm>

namespace sanctum::engine {

TextPool::TextPool(int threads) {
  const auto tell = [this] { tell_to_stop(); };
  threads_.start(1, [this] { work(Turn::kReserved); }, tell);
  threads_.start(threads, [this] { work(Turn::kPicture); }, tell);
}

void TextPool::stop() {
  tell_to_stop();
  threads_.join();
}

void TextPool::tell_to_stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void TextPool::run(Turn turn, std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    jobs_[static_cast<std::size_t>(turn)].push_back(std::move(job));
  }
  changed_.notify_all();
}

void TextPool::work(Turn last) {
  const auto end = jobs_.begin() + static_cast<int>(last) + 1;
  std::unique_lock lock(mutex_);
  while (true) {
    auto jobs = end;
    changed_.wait(lock, [&] {
      jobs = std::find_if(jobs_.begin(), end, [](const auto& queue) { return !queue.empty(); });
      return stopping_ || jobs != end;
    });
    if (stopping_) return;
    auto job = std::move(jobs->front());
    jobs->pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

}  // namespace sanctum::engine
