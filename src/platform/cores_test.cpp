#include "platform/cores.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>

#include "base/test_directory.h"

namespace sanctum::platform {
namespace {

class CoresTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const auto file = std::filesystem::path(root_.path() + path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
  }
  // `processors` of two clusters, `threads` of them a core.
  void machine(int processors, int threads, const std::string& list = "core_cpus_list") {
    const int cores = processors / threads;
    for (int i = 0; i < processors; ++i) {
      const std::string at = "/sys/devices/system/cpu/cpu" + std::to_string(i) + "/topology/";
      const int core = i % cores;
      std::string siblings = std::to_string(core);
      for (int next = core + cores; next < processors; next += cores)
        siblings += "," + std::to_string(next);
      write(at + list, siblings);
      write(at + "core_id", std::to_string(core % (cores / 2)));  // counted anew in each cluster
    }
  }
  int cores(int processors) const {
    std::vector<int> all(static_cast<std::size_t>(processors));
    std::iota(all.begin(), all.end(), 0);
    return cores_in(root_.path(), all);
  }

  const TestDirectory root_;
};

TEST_F(CoresTest, HyperthreadsAreOneCore) {
  machine(16, 2);
  EXPECT_EQ(cores(16), 8);
  EXPECT_EQ(cores_in(root_.path(), {0, 8}), 1) << "bound to the two halves of one";
  EXPECT_EQ(cores_in(root_.path(), {0, 1, 9}), 2);
}

TEST_F(CoresTest, AnOldKernelsListIsRead) {
  machine(16, 2, "thread_siblings_list");
  EXPECT_EQ(cores(16), 8);
}

TEST_F(CoresTest, WhatTheSystemDoesNotTellIsACoreEach) {
  EXPECT_EQ(cores(3), 3);
}

// A container with 2 of 16 cores once started 16 threads.
TEST_F(CoresTest, AContainersQuotaIsALimit) {
  machine(16, 1);
  write("/proc/self/cgroup", "0::/");
  write("/sys/fs/cgroup/cpu.max", "200000 100000");
  EXPECT_EQ(cores(16), 2);
  write("/sys/fs/cgroup/cpu.max", "max 100000");
  EXPECT_EQ(cores(16), 16);
  write("/sys/fs/cgroup/cpu.max", "50000 100000");
  EXPECT_EQ(cores(16), 1) << "less than one is one";
}

TEST_F(CoresTest, TheLeastOnTheWayToTheRootCounts) {
  machine(16, 1);
  write("/proc/self/cgroup", "1:name=systemd:/x\n0::/user.slice/app.scope");
  write("/sys/fs/cgroup/user.slice/cpu.max", "350000 100000");
  write("/sys/fs/cgroup/user.slice/app.scope/cpu.max", "max 100000");
  EXPECT_EQ(cores(16), 3);
}

TEST_F(CoresTest, TheOldHierarchyHasQuotasToo) {
  machine(16, 1);
  write("/proc/self/cgroup", "4:memory:/a\n3:cpu,cpuacct:/docker/b");
  write("/sys/fs/cgroup/cpu/docker/b/cpu.cfs_quota_us", "400000");
  write("/sys/fs/cgroup/cpu/docker/b/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cores(16), 4);
  write("/sys/fs/cgroup/cpu/docker/b/cpu.cfs_quota_us", "-1");
  EXPECT_EQ(cores(16), 16);
}

TEST(Cores, ThereIsOneAtLeast) {
  EXPECT_GE(cores_to_use(), 1);
}

}  // namespace
}  // namespace sanctum::platform
