#include "release/file_hashes.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace sanctum::release {

std::vector<HashedFile> hash_files(const std::vector<std::string>& paths) {
  std::vector<HashedFile> hashes(paths.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      try {
        hashes[i].hash = hash_file(paths[i]);
      } catch (...) {
        hashes[i].error = std::current_exception();
      }
    }
  };
  const int threads =
      std::min({kHashThreadsMax, static_cast<int>(std::thread::hardware_concurrency()),
                static_cast<int>(paths.size())});
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  return hashes;
}

}  // namespace sanctum::release
