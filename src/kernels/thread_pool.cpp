#include "kernels/thread_pool.h"

#include "base/invariant.h"
#include "kernels/denormals.h"

namespace sanctum::kernels {
namespace {

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until done() or until kSpin has passed; says which.
template <class Done>
bool spin(const Done& done) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point until = Clock::now() + ThreadPool::kSpin;
  do {
    for (int i = 0; i < 64; ++i) {
      if (done()) return true;
      relax();
    }
  } while (Clock::now() < until);
  return false;
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  SANCTUM_INVARIANT(threads >= 1 && threads <= kThreadsMax, "threads of a pool");
  workers_.start(threads - 1, [this] { worker(); }, [this] { tell_to_stop(); });
}

ThreadPool::~ThreadPool() {
  tell_to_stop();
  workers_.join();
}

void ThreadPool::tell_to_stop() {
  stopping_.store(true);
  ticket_.fetch_add(std::uint64_t{1} << 48);  // a change that wakes the parked
  ticket_.notify_all();
}

void ThreadPool::run(int items, const std::function<void(int)>& work) {
  SANCTUM_INVARIANT(items >= 0 && items <= kItemsMax, "items of a job");
  const FlushDenormals flush;
  if (workers_.size() == 0 || items <= 1) {
    for (int i = 0; i < items; ++i) work(i);
    return;
  }
  work_ = &work;
  done_.store(0, std::memory_order_relaxed);
  ticket_.store(++jobs_ << 48 | static_cast<std::uint64_t>(items) << 24, std::memory_order_release);
  ticket_.notify_all();
  work_on_job();
  const auto all_done = [&] { return done_.load(std::memory_order_acquire) == items; };
  while (!spin(all_done)) std::this_thread::yield();
}

void ThreadPool::work_on_job() {
  while (Ticket{ticket_.load(std::memory_order_acquire)}.open()) {
    const Ticket mine{ticket_.fetch_add(1, std::memory_order_acq_rel)};
    if (!mine.open()) return;
    (*work_)(mine.next());
    done_.fetch_add(1, std::memory_order_release);
  }
}

void ThreadPool::worker() {
  const FlushDenormals flush;
  while (!stopping_.load()) {
    const std::uint64_t seen = ticket_.load(std::memory_order_acquire);
    if (Ticket{seen}.open()) {
      work_on_job();
      continue;
    }
    const auto changed = [&] { return ticket_.load(std::memory_order_acquire) != seen; };
    if (!spin(changed)) ticket_.wait(seen, std::memory_order_acquire);
  }
}

}  // namespace sanctum::kernels
