#include "gateway/api_key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::gateway {
namespace {

class KeyFileTest : public testing::Test {
 protected:
  std::string add(const std::string& name) const {
    std::string key;
    change_keys(directory_.path(), [&](ApiKeys& keys) { key = keys.add(name, 1); });
    return key;
  }
  const TestDirectory directory_;
};

TEST_F(KeyFileTest, AChangeIsSeenWithTheNextLook) {
  KeyFile file(directory_.path());
  EXPECT_FALSE(file.current()->required);
  const std::string key = add("mine");
  EXPECT_TRUE(file.current()->required);
  EXPECT_EQ(file.current()->keys.find(key), "mine");
  change_keys(directory_.path(), [](ApiKeys& keys) { keys.remove("mine"); });
  EXPECT_FALSE(file.current()->required);
  EXPECT_EQ(file.current()->keys.find(key), "");
}

TEST_F(KeyFileTest, IsItsOwnersAlone) {
  add("mine");
  struct stat status{};
  ASSERT_EQ(::stat(directory_.path("keys.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(KeyFileTest, WhatCannotBeReadIsNotTakenForEmpty) {
  directory_.write("keys.json", "{\"keys\":[");
  KeyFile damaged(directory_.path());
  EXPECT_TRUE(damaged.current()->required);
  EXPECT_THROW(add("mine"), Error) << "nor is it replaced";
  std::filesystem::remove(directory_.path("keys.json"));
  EXPECT_FALSE(damaged.current()->required);
  const std::string key = add("mine");
  EXPECT_EQ(damaged.current()->keys.find(key), "mine");
  directory_.write("keys.json", "damaged later");
  EXPECT_EQ(damaged.current()->keys.find(key), "mine") << "those that were known stay";
  std::filesystem::remove(directory_.path("keys.json"));
  std::filesystem::create_symlink("keys.json", directory_.path("keys.json"));
  EXPECT_THROW(add("other"), Error) << "a link to itself is no lack of keys";
}

// A server whose keys.json led to a volume that was not there yet was open to everybody.
TEST_F(KeyFileTest, ALinkThatLeadsNowhereIsNoLackOfKeys) {
  std::filesystem::create_symlink("elsewhere.json", directory_.path("keys.json"));
  KeyFile file(directory_.path());
  EXPECT_TRUE(file.current()->required);
  directory_.write("elsewhere.json", ApiKeys().encode());
  EXPECT_FALSE(file.current()->required);
}

TEST_F(KeyFileTest, ChangesAtTheSameTimeLoseNothing) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([this, i] { add("k" + std::to_string(i)); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read_keys(directory_.path()).list().size(), static_cast<std::size_t>(kThreads));
}

}  // namespace
}  // namespace sanctum::gateway
