#include "platform/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

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

}  // namespace
}  // namespace sanctum::platform
