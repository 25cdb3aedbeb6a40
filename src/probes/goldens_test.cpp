#include "probes/goldens.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum::probes {
namespace {

TEST(Goldens, AnAnswerIsBoundToItsWeightsAndItsQuestion) {
  const TestDirectory directory;
  Goldens goldens(directory.path("goldens"));
  EXPECT_FALSE(goldens.find("aa", "counting"));
  goldens.record("aa", "counting", "1, 2, \"3\"\n");
  EXPECT_EQ(goldens.find("aa", "counting"), "1, 2, \"3\"\n");
  EXPECT_FALSE(goldens.find("bb", "counting"));
  EXPECT_FALSE(goldens.find("aa", "colour"));
  EXPECT_EQ(Goldens(directory.path("goldens")).find("aa", "counting"), "1, 2, \"3\"\n");
}

TEST(Goldens, ADamagedFileIsMovedAside) {
  const TestDirectory directory;
  directory.write("aa.counting.json", "{\"answer\":");
  std::string told;
  Goldens goldens(directory.path(""), [&](const std::string& moved_to) { told += moved_to; });
  EXPECT_FALSE(goldens.find("aa", "counting"));
  EXPECT_EQ(read_file(told), "{\"answer\":");
  EXPECT_TRUE(told.ends_with("aa.counting.json.damaged")) << told << ", and once";
  goldens.record("aa", "counting", "1");
  EXPECT_EQ(goldens.find("aa", "counting"), "1");
}

}  // namespace
}  // namespace sanctum::probes
