#include "base/thread_group.h"

namespace sanctum {

void ThreadGroup::start(int count, const std::function<void()>& work,
                        const std::function<void()>& tell) {
  try {
    for (int i = 0; i < count; ++i) threads_.emplace_back(work);
  } catch (...) {
    tell();
    join();
    throw;
  }
}

void ThreadGroup::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace sanctum
