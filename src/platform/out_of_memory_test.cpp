#include "platform/out_of_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "base/test_directory.h"

namespace sanctum::platform {
namespace {

class OutOfMemory : public testing::Test {
 protected:
  OutOfMemory() { root_.write("proc/vmstat", "pgfault 7\noom_kill 40\nswap_ra 1\n"); }
  std::optional<std::uint64_t> count() const { return OutOfMemoryKills(12, root_.path()).count(); }
  const TestDirectory root_;
};

#if defined(__linux__)
TEST_F(OutOfMemory, IsCountedInTheProcessesControlGroup) {
  root_.write("proc/12/cgroup", "0::/user.slice/sanctum.service\n");
  root_.write("sys/fs/cgroup/user.slice/sanctum.service/memory.events",
              "low 0\noom 3\noom_kill 2\noom_group_kill 0\n");
  EXPECT_EQ(count(), 2u);
  root_.write("proc/12/cgroup", "0::/\n");
  root_.write("sys/fs/cgroup/memory.events", "oom_kill 5\n");
  EXPECT_EQ(count(), 5u) << "a container's own group is the root that it sees";
}

TEST_F(OutOfMemory, IsTheMachinesWithoutAControlGroup) {
  EXPECT_EQ(count(), 40u);
  root_.write("proc/12/cgroup", "11:memory:/old\n0::/gone\n");
  EXPECT_EQ(count(), 40u);
}

TEST_F(OutOfMemory, IsFollowed) {
  const OutOfMemoryKills kills(12, root_.path());
  root_.write("proc/vmstat", "oom_kill 41\n");
  EXPECT_EQ(kills.count(), 41u);
}

// A process without a free descriptor took it for 0, and the next number for so many kills.
TEST_F(OutOfMemory, WhatCannotBeReadIsNoNumber) {
  const OutOfMemoryKills kills(12, root_.path());
  std::filesystem::remove(root_.path("proc/vmstat"));
  EXPECT_EQ(kills.count(), std::nullopt);
}
#endif

TEST_F(OutOfMemory, NothingIsCountedOfNobody) {
  EXPECT_EQ(OutOfMemoryKills().count(), std::nullopt);
}

}  // namespace
}  // namespace sanctum::platform
