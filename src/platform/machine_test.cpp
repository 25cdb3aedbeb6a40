#include "platform/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace sanctum::platform {
namespace {

TEST(Machine, KnowsItsOwnProgram) {
  const std::string path = executable_path();
  EXPECT_EQ(path.front(), '/');
  EXPECT_EQ(::access(path.c_str(), X_OK), 0);
  EXPECT_NE(path.find("test"), std::string::npos);
}

TEST(Machine, ReadsMemory) {
  const Memory now = memory();
  EXPECT_GT(now.available_bytes, 1u << 20);
  EXPECT_GE(now.total_bytes, now.available_bytes);
}

TEST(Machine, TellsWhatThisProcessTakes) {
  const std::uint64_t before = footprint_bytes();
  EXPECT_GT(before, 1u << 20);
  EXPECT_LT(before, memory().total_bytes);
  constexpr std::size_t kMore = 64u << 20;
  const std::vector<char> touched(kMore, 1);
  EXPECT_GE(footprint_bytes(), before + kMore / 2) << static_cast<int>(touched[kMore / 3]);
}

TEST(Machine, KnowsHowAProcessWasStarted) {
  const auto words = arguments_of(::getpid());
  ASSERT_FALSE(words.empty());
  EXPECT_NE(words[0].find("test"), std::string::npos);
  EXPECT_EQ(parent_of(::getpid()), ::getppid());
  EXPECT_EQ(working_directory_of(::getpid()), std::filesystem::current_path().string());
  EXPECT_EQ(working_directory_of(1 << 30), "");
  EXPECT_TRUE(arguments_of(1 << 30).empty());
  EXPECT_EQ(parent_of(1 << 30), 0);
}

}  // namespace
}  // namespace sanctum::platform
