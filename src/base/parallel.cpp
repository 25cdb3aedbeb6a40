#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace sanctum {

void for_each_in_parallel(std::size_t count, int threads,
                          const std::function<void(std::size_t, const Stop&)>& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr first;
  std::mutex mutex;
  const Stop stop = [&failed] { return failed.load(); };
  const auto run = [&] {
    for (std::size_t at = next++; at < count && !failed; at = next++) {
      try {
        work(at, stop);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        failed = true;
      }
    }
  };
  std::vector<std::thread> all;
  for (std::size_t i = 1; i < std::min<std::size_t>(count, static_cast<std::size_t>(threads)); ++i)
    try {
      all.emplace_back(run);
    } catch (const std::system_error&) {
      break;
    }
  run();
  for (auto& thread : all) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace sanctum
