#include "hub/model_lock.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "hub/cache_layout.h"

namespace sanctum::hub {
namespace {

constexpr std::chrono::milliseconds kAskEvery{100};

std::string holder_of(const std::string& path) {
  try {
    if (const auto pid = platform::LockFile::holder(path)) return "process " + std::to_string(*pid);
  } catch (const Error&) {  // it does not say who
  }
  return "another process";
}

}  // namespace

ModelLock::ModelLock(const std::string& model, const std::string& cache,
                     const std::function<void(const std::string&)>& waiting,
                     const std::function<bool()>& cancelled) {
  const std::string directory = locks_directory(model, cache);
  path_ = directory + "/sanctum.lock";
  for (bool told = false;;) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);  // opening the lock says what is wrong
    try {
      lock_.emplace(path_);
      if (lock_->is_at(path_)) return;
      lock_.reset();  // whoever had it took it away
      continue;
    } catch (const Error& busy) {
      if (busy.code() != ErrorCode::kBusy) throw;
    }
    if (!told) waiting(holder_of(path_));
    told = true;
    if (cancelled()) throw Error(ErrorCode::kCancelled, "stopped");
    std::this_thread::sleep_for(kAskEvery);
  }
}

void ModelLock::leave_nothing() const {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  std::filesystem::remove(std::filesystem::path(path_).parent_path(), ignored);
}

}  // namespace sanctum::hub
