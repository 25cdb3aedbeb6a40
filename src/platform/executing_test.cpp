#include "platform/executing.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/test_directory.h"
#include "platform/machine.h"
#include "platform/process.h"

namespace sanctum::platform {
namespace {

std::vector<int> holders(const std::string& directory) {
  std::vector<int> pids;
  for (const auto& executing : executing_from(directory)) pids.push_back(executing.pid);
  return pids;
}

TEST(Executing, WeRunFromWhereOurProgramIs) {
  const auto here = holders(std::filesystem::path(executable_path()).parent_path().string());
  EXPECT_NE(std::find(here.begin(), here.end(), ::getpid()), here.end());
  const TestDirectory nobody;
  EXPECT_TRUE(holders(nobody.path()).empty());
}

// A build's clean that deleted the program of a running server went unnoticed for sixteen hours.
TEST(Executing, AProgramThatWasDeletedIsStillExecuted) {
  const TestDirectory directory;
  std::filesystem::copy_file("/bin/sleep", directory.path("sleep"));
  Process child({directory.path("sleep"), {"60"}, {}, {}});
  std::filesystem::remove(directory.path("sleep"));
  EXPECT_EQ(holders(directory.path()), std::vector<int>{child.pid()});
}

TEST(Executing, ADirectoryIsNoPrefix) {
  const TestDirectory directory;
  std::filesystem::create_directory(directory.path("bin-other"));
  std::filesystem::copy_file("/bin/sleep", directory.path("bin-other/sleep"));
  Process child({directory.path("bin-other/sleep"), {"60"}, {}, {}});
  EXPECT_TRUE(holders(directory.path("bin")).empty());
}

}  // namespace
}  // namespace sanctum::platform
