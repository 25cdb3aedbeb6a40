#include "probes/goldens.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum::probes {
namespace {

std::string answer(const Goldens& goldens, const std::string& digest, const std::string& question) {
  const auto golden = goldens.find(digest, question);
  return golden ? golden->answer : "none";
}

TEST(Goldens, AnAnswerIsBoundToItsWeightsAndItsQuestion) {
  const TestDirectory directory;
  Goldens goldens(directory.path("goldens"));
  EXPECT_FALSE(goldens.find("aa", "counting"));
  goldens.record("aa", "counting", {"1, 2, \"3\"\n", "format 1"});
  EXPECT_EQ(answer(goldens, "aa", "counting"), "1, 2, \"3\"\n");
  EXPECT_FALSE(goldens.find("bb", "counting"));
  EXPECT_FALSE(goldens.find("aa", "colour"));
  EXPECT_EQ(answer(Goldens(directory.path("goldens")), "aa", "counting"), "1, 2, \"3\"\n");
}

TEST(Goldens, ItsTermsAreKeptAndThoseOfOldFilesAreNone) {
  const TestDirectory directory;
  Goldens goldens(directory.path(""));
  goldens.record("aa", "counting", {"1", "format 1"});
  EXPECT_EQ(goldens.find("aa", "counting")->terms, "format 1");
  goldens.record("aa", "counting", {"2", "format 2"});
  EXPECT_EQ(goldens.find("aa", "counting")->terms, "format 2");
  directory.write("bb.counting.json", R"({"question":"counting","answer":"1"})");
  EXPECT_EQ(goldens.find("bb", "counting")->terms, "");
}

TEST(Goldens, ADamagedFileIsMovedAside) {
  const TestDirectory directory;
  directory.write("aa.counting.json", "{\"answer\":");
  std::string told;
  Goldens goldens(directory.path(""), [&](const std::string& moved_to) { told += moved_to; });
  EXPECT_FALSE(goldens.find("aa", "counting"));
  EXPECT_EQ(read_file(told), "{\"answer\":");
  EXPECT_TRUE(told.ends_with("aa.counting.json.damaged")) << told << ", and once";
  goldens.record("aa", "counting", {"1", ""});
  EXPECT_EQ(answer(goldens, "aa", "counting"), "1");
}

TEST(Goldens, OneThatCannotBeReadIsAnErrorAndStaysWhereItIs) {
  const TestDirectory directory;
  const std::string path = directory.path("aa.counting.json");
  std::filesystem::create_symlink(path, path);  // ELOOP
  const Goldens goldens(directory.path(""));
  EXPECT_THROW(goldens.find("aa", "counting"), Error);
  EXPECT_TRUE(std::filesystem::is_symlink(path));
}

}  // namespace
}  // namespace sanctum::probes
