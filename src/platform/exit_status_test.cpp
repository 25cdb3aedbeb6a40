#include "platform/exit_status.h"

#include <gtest/gtest.h>

#include <csignal>

namespace sanctum::platform {
namespace {

TEST(ExitStatus, IsDescribedInWords) {
  EXPECT_EQ(describe(exit_status(78 << 8)), "exited with code 78");
  EXPECT_EQ(describe(exit_status(SIGKILL)), "was killed by SIGKILL");
  EXPECT_EQ(describe(exit_status(SIGSEGV | 0x80)), "was killed by SIGSEGV (core dumped)");
  EXPECT_EQ(signal_name(99), "signal 99");
}

}  // namespace
}  // namespace sanctum::platform
