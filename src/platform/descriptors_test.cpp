#include "platform/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sanctum::platform {
namespace {

rlimit current() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

TEST(Descriptors, TheLimitIsRaisedToTheHardOneAndNeverLowered) {
  const rlimit before = current();
  const rlimit small{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
  EXPECT_EQ(raise_descriptor_limit(32), 64u);
  EXPECT_EQ(raise_descriptor_limit(100), 100u);
  EXPECT_EQ(current().rlim_cur, 100u);
  EXPECT_EQ(raise_descriptor_limit(before.rlim_max), before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

// The state directory's lock was standard input, and lines of the log went into a pipe of ours.
TEST(Descriptors, WhatIsClosedOfTheFirstThreeIsOpenedOnNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int number : {0, 1, 2}) ::close(number);
    open_standard_streams();
    const int next = ::open("/dev/null", O_RDONLY);
    char byte = 0;
    const bool good =
        next > 2 && ::read(0, &byte, 1) == 0 && ::write(1, "x", 1) == 1 && ::write(2, "x", 1) == 1;
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace sanctum::platform
