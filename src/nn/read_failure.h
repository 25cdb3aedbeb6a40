// What went wrong first while MLX read on threads of its own, which tell nobody: the arrays would
// be of whatever lay there. Any thread.
#pragma once

#include <exception>
#include <mutex>
#include <utility>

namespace sanctum::nn {

class ReadFailure {
 public:
  void note(std::exception_ptr what) {
    const std::scoped_lock lock(mutex_);
    if (!first_) first_ = std::move(what);
  }
  void rethrow() const {
    const std::scoped_lock lock(mutex_);
    if (first_) std::rethrow_exception(first_);
  }

 private:
  mutable std::mutex mutex_;
  std::exception_ptr first_;
};

}  // namespace sanctum::nn
