#include "supervisor/switch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum::supervisor {
namespace {

TEST(SwitchFile, IsAsItWasLeft) {
  const TestDirectory directory;
  EXPECT_EQ(read_switches(directory.path()).switches, wire::Switches());
  wire::Switches switches;
  switches.vision = switches.batching = false;
  write_switches(directory.path(), switches);
  EXPECT_EQ(read_switches(directory.path()).switches, switches);
}

TEST(SwitchFile, ADamagedOneIsMovedAsideAndEverythingIsOn) {
  const TestDirectory directory;
  directory.write("switches.json", R"({"vision":fal)");
  const SwitchesFound found = read_switches(directory.path());
  EXPECT_EQ(found.switches, wire::Switches());
  EXPECT_EQ(read_file(found.moved_aside), R"({"vision":fal)");
  EXPECT_EQ(read_switches(directory.path()).moved_aside, "") << "told once";
}

}  // namespace
}  // namespace sanctum::supervisor
