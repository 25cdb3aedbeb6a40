// Loads from a disk that does not answer: open() of one path stands still until it is let go. This
// file's open() is the whole program's.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdarg>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "base/test_directory.h"
#include "engine/service.h"
#include "engine/test_model.h"
#include "engine/test_peer.h"

namespace {

class Disk {
 public:
  void reach(std::string_view path) {
    std::unique_lock lock(mutex_);
    if (dead_.empty() || !path.ends_with(dead_)) return;
    ++stuck_;
    changed_.wait(lock, [&] { return dead_.empty(); });
    --stuck_;
    changed_.notify_all();
  }
  void die(const std::string& path) {
    std::lock_guard lock(mutex_);
    dead_ = path;
  }
  // Waits until nobody stands at it.
  void come_back() {
    std::unique_lock lock(mutex_);
    dead_.clear();
    changed_.notify_all();
    changed_.wait(lock, [&] { return stuck_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string dead_;
  int stuck_ = 0;
};

Disk& disk() {
  static Disk the;
  return the;
}

int reach(const char* path, int flags, va_list more) {
  disk().reach(path);
  return ::openat(AT_FDCWD, path, flags, va_arg(more, int));
}

}  // namespace

extern "C" int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = reach(path, flags, more);
  va_end(more);
  return fd;
}
extern "C" int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = reach(path, flags, more);
  va_end(more);
  return fd;
}

namespace sanctum::engine {
namespace {

namespace fs = std::filesystem;

class DeadDisk : public testing::TestWithParam<const char*> {};

// It left a model at "loading" for ever, and took a thread from every request.
TEST_P(DeadDisk, FailsItsLoadAndNoOther) {
  const TestDirectory directory;
  const std::string good = source_directory() + "/models/smoke", stuck = directory.path("m");
  fs::copy(good, stuck, fs::copy_options::recursive);
  FastPeer peer;
  ServiceOptions options;
  options.read_limit = std::chrono::seconds(2);
  Service service(options, peer);
  disk().die(stuck + GetParam());
  service.handle(load_line(1, stuck));
  service.handle(load_line(2, good, "n"));
  const std::string failure = peer.wait_for("\"id\":1");
  EXPECT_TRUE(has(failure, "\"error\"") && has(failure, stuck) && has(failure, "deadline"))
      << failure;
  EXPECT_TRUE(has(peer.wait_for("\"id\":2"), "\"result\"")) << peer.wait_for("\"id\":2");
  service.handle(load_line(3, stuck));
  EXPECT_TRUE(has(peer.wait_for("\"id\":3"), "unavailable")) << peer.wait_for("\"id\":3");
  disk().come_back();
  std::string again;
  for (int id = 4; again.empty() || has(again, "unavailable"); ++id) {
    service.handle(load_line(id, stuck));
    again = peer.wait_for("\"id\":" + std::to_string(id));
  }
  EXPECT_TRUE(has(again, "\"result\"")) << again;
  service.drain();
}

INSTANTIATE_TEST_SUITE_P(File, DeadDisk, testing::Values("/config.json", "/tokenizer.json"));

}  // namespace
}  // namespace sanctum::engine
