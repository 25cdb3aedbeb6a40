#include "catalog/imports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/test_directory.h"
#include "catalog/import_removal.h"
#include "gguf/staging_directory.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class ImportsTest : public testing::Test {
 protected:
  ImportPlace place(const std::string& name) const {
    return import_place(root_.path(name), root_.path("imported"));
  }
  // As a start leaves it.
  ImportPlace imported(const std::string& name, const std::string& content = "GGUF") const {
    root_.write(name, content);
    const ImportPlace made = place(name);
    fs::create_directories(made.directory);
    write_file_atomically(made.directory + "/config.json", "{}");
    note_source(made.directory, made.file);
    return made;
  }
  std::vector<Import> all() const { return imports_in({root_.path("imported")}); }
  std::set<std::string> names() const {
    std::set<std::string> there;
    for (const auto& each : fs::directory_iterator(root_.path("imported")))
      there.insert(each.path().filename());
    return there;
  }
  const TestDirectory root_;
};

TEST_F(ImportsTest, WhatWasMadeOfTheFileBeforeItChangedIsFound) {
  const auto before = imported("a.gguf", "GGUF1");
  imported("b.gguf");
  root_.write("a.gguf", "GGUF22");
  const auto now = place("a.gguf");
  EXPECT_FALSE(is_imported(now));
  EXPECT_THAT(outdated_imports(now), ElementsAre(before.directory));
}

TEST_F(ImportsTest, OneIsOfUseUntilItsFileIsGoneOrAnother) {
  const auto same = imported("a.gguf"), changed = imported("b.gguf"), gone = imported("c.gguf");
  const auto directory = imported("d.gguf");
  root_.write("b.gguf", "GGUF22");
  fs::remove(root_.path("c.gguf"));
  fs::remove(root_.path("d.gguf"));
  fs::create_directory(root_.path("d.gguf"));
  std::set<std::string> of_use;
  for (const auto& import : all())
    if (import.of_use()) of_use.insert(import.directory);
  EXPECT_EQ(of_use, std::set{same.directory});
  EXPECT_EQ(all().size(), 4u);
}

// A disk that did not answer, or a folder that might not be read: a good import was removed.
TEST_F(ImportsTest, OneWhoseFileCannotBeLookedAtIsOfUse) {
  imported("disk/a.gguf");
  fs::remove_all(root_.path("disk"));
  fs::create_symlink("disk", root_.path("disk"));  // round and round
  ASSERT_EQ(all().size(), 1u);
  EXPECT_EQ(all().front().state, ImportSource::kNotTold);
  EXPECT_TRUE(all().front().of_use());
  EXPECT_THAT(origin_of(all().front()), testing::EndsWith("which cannot be read now"));
}

// It was never listed, and so never removed.
TEST_F(ImportsTest, OneOfAFileWithTwoDotsIsListed) {
  const auto made = imported("a..b.gguf");
  ASSERT_EQ(all().size(), 1u);
  EXPECT_EQ(import_called(all().front().name, {root_.path("imported")}).source, made.file);
  const std::string before =
      root_.path("imported/a..b" + made.directory.substr(made.directory.rfind('-')));
  fs::rename(made.directory, before);
  ASSERT_EQ(all().size(), 1u) << "as it was called";
  EXPECT_EQ(all().front().directory, before);
}

// The first was removed, whichever was meant.
TEST_F(ImportsTest, OfTwoServersImportsOfOneFileNoneIsTakenUnasked) {
  const auto made = imported("a.gguf");
  const std::string ours = root_.path("imported"), theirs = root_.path("other/imported");
  const auto other = import_place(made.file, theirs);
  fs::create_directories(other.directory);
  note_source(other.directory, other.file);
  const std::string name = all().front().name;
  EXPECT_EQ(import_called(name, {theirs}).directory, other.directory);
  EXPECT_EQ(import_called(name, {ours, ours}).directory, made.directory) << "one, named twice";
  try {
    import_called(name, {ours, theirs});
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    for (const std::string& part : {made.directory, other.directory, std::string("--state-dir")})
      EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

// It was made anew when names of directories had become others.
TEST_F(ImportsTest, OneOfTheSameFileIsTakenOverWhateverItIsCalled) {
  const auto made = imported("a.gguf"), other = imported("b.gguf");
  const std::string key = made.directory.substr(made.directory.rfind('-'));
  const std::string former = root_.path("imported/mine" + key);
  EXPECT_EQ(take_over_import(made), "") << "it has its place";
  fs::rename(made.directory, former);
  fs::remove(former + "/config.json");
  EXPECT_EQ(take_over_import(made), "") << "it is not whole";
  write_file_atomically(former + "/config.json", "{}");
  EXPECT_EQ(take_over_import(made), former);
  EXPECT_TRUE(is_imported(made));
  EXPECT_TRUE(is_imported(other));
  EXPECT_EQ(all().size(), 2u);

  root_.write("a.gguf", "GGUF22");
  EXPECT_EQ(take_over_import(place("a.gguf")), "") << "of the file as it was";
}

TEST_F(ImportsTest, RoomIsToComeOfWhatNobodyCanUse) {
  const std::string imports = root_.path("imported");
  const auto made = imported("a.gguf");
  EXPECT_EQ(bytes_to_come({made}, imports), 0u);
  root_.write("imported/.x-0123456789abcdef.importing/model.safetensors", "12345");
  EXPECT_EQ(bytes_to_come({made}, imports), 5u);
  root_.write("a.gguf", "GGUF22");
  EXPECT_GT(bytes_to_come({place("a.gguf")}, imports), 5u);
}

TEST_F(ImportsTest, WhatKilledOnesLeftIsRemoved) {
  const auto made = imported("a.gguf");
  const std::string name = fs::path(made.directory).filename();
  root_.write("imported/." + name + ".importing/model.safetensors", "half");
  root_.write("imported/." + name + ".import-lock", "1");
  root_.write("imported/.alone.import-lock", "1");
  root_.write("imported/.other/file", "not ours");
  const auto left = unfinished_imports(root_.path("imported"));
  EXPECT_EQ(left.size(), 2u) << "the lock goes with its directory";
  for (const auto& path : left) gguf::remove_staging(path);
  EXPECT_EQ(names(), (std::set<std::string>{name, ".other"}));
  EXPECT_THAT(unfinished_imports(root_.path("absent")), IsEmpty());
  EXPECT_NO_THROW(gguf::remove_staging(root_.path("absent/.x.importing"))) << "it is gone";
  fs::create_symlink("loop", root_.path("loop"));
  EXPECT_THROW(gguf::remove_staging(root_.path("loop/.x.importing")), Error) << "it is told";
}

// `models import DIR/imported/x` runs without the server.
TEST_F(ImportsTest, WhatIsBeingMadeIsNotRemoved) {
  fs::create_directory(root_.path("imported"));
  const gguf::StagingDirectory making(root_.path("imported/x"));
  const auto left = unfinished_imports(root_.path("imported"));
  ASSERT_EQ(left.size(), std::size_t{1});
  try {
    gguf::remove_staging(left.front());
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBusy);
  }
  EXPECT_TRUE(fs::is_directory(making.path()));
}

TEST_F(ImportsTest, ARemovalLeavesNothing) {
  const auto made = imported("a.gguf");
  remove_import(made.directory);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THROW(remove_import(made.directory), Error) << "what cannot be removed is told";
}

}  // namespace
}  // namespace sanctum::catalog
