#include "platform/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

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

}  // namespace
}  // namespace sanctum::platform
