#include "catalog/import_place.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/test_directory.h"
#include "catalog/inside.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

class ImportPlaceTest : public testing::Test {
 protected:
  ImportPlace place(const std::string& name) const {
    return import_place(root_.path(name), root_.path("imported"));
  }
  const TestDirectory root_;
};

TEST_F(ImportPlaceTest, IsTheSameUntilTheFileChanges) {
  const std::string body(3 * kSampledBytes, 'x');
  root_.write("a.gguf", "GGUF" + body);
  const auto first = place("a.gguf");
  EXPECT_EQ(first.directory, place("a.gguf").directory);
  EXPECT_EQ(fs::path(first.directory).parent_path(), root_.path("imported"));
  const auto time = fs::last_write_time(root_.path("a.gguf"));

  root_.write("b.gguf", "GGUF" + body);
  EXPECT_NE(place("b.gguf").directory, first.directory) << "another file";
  fs::last_write_time(root_.path("a.gguf"), time + std::chrono::nanoseconds(1000));
  EXPECT_NE(place("a.gguf").directory, first.directory) << "touched";
  root_.write("a.gguf", "GGUF" + body + "y");
  fs::last_write_time(root_.path("a.gguf"), time);
  EXPECT_NE(place("a.gguf").directory, first.directory) << "longer";
  for (const std::size_t at : {std::size_t{5}, body.size()}) {
    std::string changed = "GGUF" + body;
    changed[at] = 'z';
    root_.write("a.gguf", changed);
    fs::last_write_time(root_.path("a.gguf"), time);
    EXPECT_NE(place("a.gguf").directory, first.directory) << "an end of it, at " << at;
  }
  root_.write("a.gguf", "GGUF" + body);
  fs::last_write_time(root_.path("a.gguf"), time);
  EXPECT_EQ(place("a.gguf").directory, first.directory) << "as it was";
}

TEST_F(ImportPlaceTest, LinksLeadToOneImport) {
  root_.write("a.gguf", "GGUF");
  fs::create_symlink("a.gguf", root_.path("link.gguf"));
  EXPECT_EQ(place("link.gguf").directory, place("a.gguf").directory);
  EXPECT_EQ(place("link.gguf").file, root_.path("a.gguf"));
}

TEST_F(ImportPlaceTest, NoNameLeadsOutOfTheFolder) {
  for (const std::string& name : std::vector<std::string>{
           ".gguf", "...gguf", "a b\n.gguf", "a..b.gguf", "\\..\\x", std::string(200, 'n')}) {
    root_.write("in/" + name, "GGUF");
    const auto found = place("in/" + name);
    EXPECT_EQ(fs::path(found.directory).lexically_normal().parent_path(), root_.path("imported"))
        << name;
    EXPECT_TRUE(is_plain_part(fs::path(found.directory).filename().string())) << name;
  }
}

TEST_F(ImportPlaceTest, AMissingFileIsNamed) {
  EXPECT_THROW(place("none.gguf"), Error);
}

TEST_F(ImportPlaceTest, OneOfTheSameKeyIsKnownWhateverItIsCalled) {
  root_.write("a.gguf", "GGUF");
  root_.write("b.gguf", "GGUF");
  const auto a = place("a.gguf");
  const std::string key = a.directory.substr(a.directory.rfind('-'));
  EXPECT_TRUE(has_key_of(root_.path("imported/named-before" + key), a));
  EXPECT_FALSE(has_key_of(root_.path("imported/x" + key.substr(1)), a));
  EXPECT_FALSE(has_key_of(place("b.gguf").directory, a));
}

TEST_F(ImportPlaceTest, AGgufFileIsKnownByItsNameOrItsFirstBytes) {
  root_.write("blob", "GGUF...");
  root_.write("text", "text");
  root_.write("empty.gguf", "");
  fs::create_directories(root_.path("directory.gguf"));
  EXPECT_TRUE(is_gguf(root_.path("blob")));
  EXPECT_FALSE(is_gguf(root_.path("text")));
  EXPECT_TRUE(is_gguf(root_.path("empty.gguf")));
  EXPECT_FALSE(is_gguf(root_.path("directory.gguf")));
  EXPECT_FALSE(is_gguf(root_.path("absent.gguf")));
}

}  // namespace
}  // namespace sanctum::catalog
