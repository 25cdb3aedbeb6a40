#include "release/file_hashes.h"

#include <algorithm>
#include <thread>

#include "base/parallel.h"

namespace sanctum::release {

std::vector<HashedFile> hash_files(const std::vector<std::string>& paths) {
  std::vector<HashedFile> hashes(paths.size());
  const int threads =
      std::min(kHashThreadsMax, static_cast<int>(std::thread::hardware_concurrency()));
  for_each_in_parallel(paths.size(), threads, [&](std::size_t i, const Stop&) {
    try {
      hashes[i].hash = hash_file(paths[i]);
    } catch (...) {
      hashes[i].error = std::current_exception();
    }
  });
  return hashes;
}

}  // namespace sanctum::release
