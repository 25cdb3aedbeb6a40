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
  const std::string directory = locks_directory(model, cache), path = directory + "/sanctum.lock";
  std::error_code error;
  std::filesystem::create_directories(directory, error);  // opening the lock says what is wrong
  for (bool told = false;;) {
    try {
      lock_.emplace(path);
      return;
    } catch (const Error& busy) {
      if (busy.code() != ErrorCode::kBusy) throw;
    }
    if (!told) waiting(holder_of(path));
    told = true;
    if (cancelled()) throw Error(ErrorCode::kCancelled, "stopped");
    std::this_thread::sleep_for(kAskEvery);
  }
}

}  // namespace sanctum::hub
