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

  // Takes its file away, and the directory of the model's locks if that is empty then: of a model
  // of which nothing is here. It is held until the end all the same.
  void leave_nothing() const;

 private:
  std::string path_;
  std::optional<platform::LockFile> lock_;
};

}  // namespace sanctum::hub
