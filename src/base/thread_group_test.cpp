#include "base/thread_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace sanctum {
namespace {

TEST(ThreadGroupTest, JoinsWhatItStarted) {
  std::atomic<int> ended = 0;
  {
    ThreadGroup threads;
    threads.start(3, [&ended] { ++ended; }, [] {});
    EXPECT_EQ(threads.size(), 3);
  }
  EXPECT_EQ(ended, 3);
}

// Work that a thread cannot be made of: its third copy throws.
struct ThirdThrows {
  ThirdThrows(std::atomic<bool>& told, std::atomic<int>& ended, int& copies)
      : told(told), ended(ended), copies(copies) {}
  ThirdThrows(const ThirdThrows& other)
      : told(other.told), ended(other.ended), copies(other.copies) {
    if (++copies == 3) throw std::runtime_error("no more threads");
  }
  ThirdThrows& operator=(const ThirdThrows&) = delete;
  void operator()() const {
    told.wait(false);
    ++ended;
  }
  std::atomic<bool>& told;
  std::atomic<int>& ended;
  int& copies;
};

TEST(ThreadGroupTest, OneThatCannotBeMadeEndsTheOthers) {
  std::atomic<bool> told = false;
  std::atomic<int> ended = 0;
  int copies = -100;  // of making the function, which are no threads
  const std::function<void()> work = ThirdThrows(told, ended, copies);
  copies = 0;
  ThreadGroup threads;
  EXPECT_THROW(threads.start(4, work,
                             [&told] {
                               told = true;
                               told.notify_all();
                             }),
               std::runtime_error);
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(threads.size(), 0);
}

}  // namespace
}  // namespace sanctum
