#include "hub/snapshot.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/test_directory.h"
#include "hub/cache_layout.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

const std::string kCommit(40, 'c');

TEST(Snapshot, IsLinksIntoBlobs) {
  const TestDirectory root;
  root.write("blobs/one", "1");
  root.write("blobs/two", "2");
  root.write("snapshot.incomplete/left", "of a pull that was killed");
  write_snapshot(root.path(), kCommit, {{"config.json", "one"}, {"a/b/c.json", "two"}});
  const std::string snapshot = snapshot_directory(root.path(), kCommit);
  EXPECT_EQ(read_file(snapshot + "/a/b/c.json"), "2");
  EXPECT_EQ(fs::read_symlink(snapshot + "/config.json"), "../../blobs/one");
  EXPECT_EQ(fs::read_symlink(snapshot + "/a/b/c.json"), "../../../../blobs/two");
  EXPECT_FALSE(fs::exists(snapshot + "/left"));
  EXPECT_FALSE(fs::exists(root.path("snapshot.incomplete")));
}

TEST(Snapshot, OneThatOthersBeganIsCompleted) {
  const TestDirectory root;
  root.write("blobs/one", "1");
  root.write("blobs/two", "2");
  root.write("blobs/old", "0");
  const fs::path snapshot = snapshot_directory(root.path(), kCommit);
  fs::create_directories(snapshot);
  fs::create_symlink("../../blobs/gone", snapshot / "dangling.json");
  fs::create_symlink("../../blobs/old", snapshot / "theirs.json");
  write_snapshot(root.path(), kCommit, {{"config.json", "one"}, {"dangling.json", "two"}});
  EXPECT_EQ(read_file(snapshot / "config.json"), "1");
  EXPECT_EQ(read_file(snapshot / "dangling.json"), "2");
  EXPECT_EQ(read_file(snapshot / "theirs.json"), "0");
}

TEST(Snapshot, NoNameOfAFileIsInTheWayOfAnother) {
  const TestDirectory root;
  root.write("blobs/one", "1");
  root.write("blobs/two", "2");
  const fs::path snapshot = snapshot_directory(root.path(), kCommit);
  for (int i = 0; i < 2; ++i) {  // a new one, and one that is there
    write_snapshot(root.path(), kCommit, {{"x.json.tmp", "one"}, {"x.json", "two"}});
    EXPECT_EQ(read_file(snapshot / "x.json.tmp"), "1");
    EXPECT_EQ(read_file(snapshot / "x.json"), "2");
    fs::remove(snapshot / "x.json");
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(root.path()), {}), 2) << "blobs and snapshots";
}

TEST(Snapshot, AReferenceIsWrittenWhereOneIsNeeded) {
  const TestDirectory root;
  write_reference(root.path(), "feature/x", kCommit);
  EXPECT_EQ(read_file(root.path("refs/feature/x")), kCommit) << "without an end of line";
  write_reference(root.path(), kCommit, kCommit);
  EXPECT_FALSE(fs::exists(root.path("refs/" + kCommit)));
}

}  // namespace
}  // namespace sanctum::hub
