#include "kernels/thread_pool.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <mutex>
#include <set>

namespace sanctum::kernels {
namespace {

TEST(ThreadPool, EveryItemOfEveryJobRunsOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int job = 0; job < 3000; ++job) {
      const int items = job % 13;
      std::vector<int> ran(static_cast<std::size_t>(items), 0);
      pool.run(items, [&](int item) { ++ran[static_cast<std::size_t>(item)]; });
      for (const int count : ran) ASSERT_EQ(count, 1) << "job " << job;
    }
  }
}

// As many items as threads, each of which waits for all the others: every thread has one.
class Meeting {
 public:
  explicit Meeting(int threads) : threads_(threads) {}
  void join() {
    here_.fetch_add(1);
    here_.notify_all();
    for (int seen = here_.load(); seen < threads_; seen = here_.load()) here_.wait(seen);
  }

 private:
  int threads_;
  std::atomic<int> here_{0};
};

TEST(ThreadPool, ThreadsWorkAtTheSameTimeAlsoAfterTheyParked) {
  ThreadPool pool(3);
  for (int job = 0; job < 2; ++job) {
    Meeting meeting(3);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    pool.run(3, [&](int) {
      meeting.join();
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(threads.size(), 3u);
    std::this_thread::sleep_for(20 * ThreadPool::kSpin);  // long enough to park, where it can
  }
}

TEST(ThreadPool, ReturnsOnlyWhenTheSlowestItemIsDone) {
  using Clock = std::chrono::steady_clock;
  ThreadPool pool(2);
  Meeting meeting(2);
  bool done = false;
  const std::thread::id caller = std::this_thread::get_id();
  pool.run(2, [&](int) {
    meeting.join();
    if (std::this_thread::get_id() == caller) return;
    const Clock::time_point until = Clock::now() + 100 * ThreadPool::kSpin;
    while (Clock::now() < until) continue;
    done = true;
  });
  EXPECT_TRUE(done);
}

TEST(ThreadPool, EveryThreadTakesDenormalsForZero) {
  ThreadPool pool(3);
  Meeting meeting(3);
  std::vector<float> got(3, 1.0f);
  const volatile float small = FLT_MIN;
  pool.run(3, [&](int item) {
    meeting.join();
    got[static_cast<std::size_t>(item)] = small * 0.5f;
  });
  for (const float value : got) EXPECT_EQ(value, 0.0f);
  EXPECT_NE(small * 0.5f, 0.0f);  // the caller's own setting is back
}

TEST(ThreadPool, AJobOfOneAndAPoolOfOneTakeDenormalsForZeroToo) {
  const volatile float small = FLT_MIN;
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    for (const int items : {1, 2}) {
      std::vector<float> got(static_cast<std::size_t>(items), 1.0f);
      pool.run(items, [&](int item) { got[static_cast<std::size_t>(item)] = small * 0.5f; });
      for (const float value : got) EXPECT_EQ(value, 0.0f) << threads << " threads";
    }
  }
  EXPECT_NE(small * 0.5f, 0.0f);
}

}  // namespace
}  // namespace sanctum::kernels
