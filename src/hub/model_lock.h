// One at a time at a model of the cache: pulls and removals.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "platform/lock_file.h"

namespace sanctum::hub {

class ModelLock {
 public:
  // Waits for whoever is at it; `waiting` is told once who that is ("process 123"). Makes the
  // directory of the lock. Throws Error(kCancelled), Error(kUnavailable).
  ModelLock(const std::string& model, const std::string& cache,
            const std::function<void(const std::string& holder)>& waiting,
            const std::function<bool()>& cancelled);

 private:
  std::optional<platform::LockFile> lock_;
};

}  // namespace sanctum::hub
