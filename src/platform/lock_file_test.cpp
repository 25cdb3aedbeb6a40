#include "platform/lock_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/test_directory.h"
#include "platform/process.h"

namespace sanctum::platform {
namespace {

constexpr std::chrono::milliseconds kLimit(20000);

// A process that does nothing but hold what is handed down to it.
std::unique_ptr<Process> holding(const LockFile& lock) {
  return std::make_unique<Process>(
      ProcessOptions{"/bin/sh", {"-c", "read line <&3"}, {}, {lock.descriptor()}});
}

// A link's target was written to, and a pipe waited for.
TEST(LockFile, WhatIsNoFileIsNoLock) {
  const TestDirectory directory;
  directory.write("mine", "mine");
  std::filesystem::create_symlink("mine", directory.path("link"));
  ASSERT_EQ(::mkfifo(directory.path("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(LockFile::holder(directory.path("pipe")));
  for (const char* name : {"link", "pipe"})
    EXPECT_THROW(LockFile{directory.path(name)}, Error) << name;
  EXPECT_EQ(read_file(directory.path("mine")), "mine");
}

TEST(LockFile, TheSecondIsRefusedNamingTheFirst) {
  const TestDirectory directory;
  const std::string path = directory.path("lock");
  EXPECT_FALSE(LockFile::holder(path));
  {
    const LockFile first(path);
    EXPECT_EQ(LockFile::holder(path), ::getpid());
    try {
      const LockFile second(path);
      ADD_FAILURE() << "two holders";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBusy);
      EXPECT_NE(std::string(error.what()).find("process " + std::to_string(::getpid())),
                std::string::npos);
    }
  }
  EXPECT_FALSE(LockFile::holder(path)) << "the file is there, but nobody holds it";
  const LockFile again(path);
}

TEST(LockFile, EndsWithItsLastHolderAndNamesALivingOne) {
  const TestDirectory directory;
  const std::string path = directory.path("lock");
  auto first = std::make_unique<LockFile>(path);
  const auto heir = holding(*first);
  const auto dead = holding(*first);
  first->name({static_cast<int>(dead->pid()), static_cast<int>(heir->pid())});
  dead->signal(SIGKILL);
  ASSERT_TRUE(dead->wait(kLimit));
  first.reset();  // who took it is gone
  EXPECT_EQ(LockFile::holder(path), heir->pid());
  EXPECT_THROW(const LockFile second(path), Error);
  heir->signal(SIGKILL);
  ASSERT_TRUE(heir->wait(kLimit));
  EXPECT_FALSE(LockFile::holder(path));
  const LockFile again(path);
}

// Whoever asks must not be in the way of a start.
TEST(LockFile, AskingWhoHoldsItMakesNoStartFail) {
  const TestDirectory directory;
  const std::string path = directory.path("lock");
  {
    const LockFile made(path);
  }
  std::atomic<bool> over{false};
  constexpr std::size_t kAsking = 4;
  std::vector<std::thread> asking;
  asking.reserve(kAsking);
  for (std::size_t i = 0; i < kAsking; ++i) {
    asking.emplace_back([&] {
      while (!over) LockFile::holder(path);
    });
  }
  for (int i = 0; i < 2000; ++i) EXPECT_NO_THROW(const LockFile mine(path)) << i;
  over = true;
  for (auto& thread : asking) thread.join();
}

TEST(LockFile, OneThatIsHeldAndNamesNobodyLivingSaysSo) {
  const TestDirectory directory;
  const std::string path = directory.path("lock");
  LockFile mine(path);
  mine.name({});
  EXPECT_THROW(LockFile::holder(path), Error);
}

TEST(LockFile, KnowsWhetherItsPathIsStillItsFile) {
  const TestDirectory directory;
  const std::string path = directory.path("lock");
  const LockFile mine(path);
  EXPECT_TRUE(mine.is_at(path));
  std::filesystem::remove(path);
  EXPECT_FALSE(mine.is_at(path));
  const LockFile other(path);
  EXPECT_FALSE(mine.is_at(path));
}

TEST(LockFile, WhatIsNoFileWasNotHandedDown) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_THROW(const LockFile copy(ends[0]), Error);
  EXPECT_THROW(const LockFile copy(999), Error);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace sanctum::platform
