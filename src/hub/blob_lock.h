// The lock under which huggingface_hub loads a blob, so that it and we do not load one twice, or
// write into one file: flock() on HUB/.locks/models--org--name/BLOB.lock.
#pragma once

#include <functional>
#include <string>

namespace sanctum::hub {

class BlobLock {
 public:
  // Waits for whoever has it; `waiting` is told once that it has to, and `cancelled` is asked
  // meanwhile. Throws Error(kCancelled), Error(kUnavailable). A disk that knows no such lock costs
  // nothing but bytes loaded twice.
  BlobLock(const std::string& path, const std::function<void()>& waiting,
           const std::function<bool()>& cancelled);
  ~BlobLock();
  BlobLock(const BlobLock&) = delete;
  BlobLock& operator=(const BlobLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace sanctum::hub
