#include "stress/crash_watch.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/test_directory.h"

namespace sanctum::stress {
namespace {

TEST(RestartCount, CountsWhatIsNewOnly) {
  RestartCount count;
  count.observe(std::nullopt);
  count.observe(3);
  EXPECT_EQ(count.crashes(), 0u);
  count.observe(3);
  count.observe(std::nullopt);
  count.observe(5);
  EXPECT_EQ(count.crashes(), 2u);
}

TEST(RestartCount, AServerThatStartedAnewHasCrashed) {
  RestartCount count;
  count.observe(5);
  count.observe(0);
  EXPECT_EQ(count.crashes(), 1u);
  count.observe(2);
  EXPECT_EQ(count.crashes(), 3u);
}

TEST(CrashReports, CountsMatchingFilesThatAppear) {
  const TestDirectory directory;
  const auto write = [&](const char* name) { directory.write(name, "x"); };
  write("sanctum-engine-old.ips");
  CrashReports reports({directory.path(), directory.path("missing")}, {"sanctum"});
  EXPECT_TRUE(reports.appeared().empty());
  write("Safari-new.ips");
  write("sanctum-engine-new.log");
  EXPECT_TRUE(reports.appeared().empty());
  write("sanctum-engine-new.ips");
  write("sanctum-new.crash");
  EXPECT_EQ(reports.appeared().size(), 2u);
}

}  // namespace
}  // namespace sanctum::stress
