#include "hub/model_removal.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "hub/test_cache.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

const std::string kOld(40, 'a'), kNew(40, 'b');

TEST(ModelRemoval, OneRevisionGoesWithWhatNobodyElseUses) {
  const TestCache cache;
  const auto shared = cache.add(kOld, "config.json", "shared");
  cache.add(kNew, "config.json", "shared");
  const auto old = cache.add(kOld, "old.json", "12345");
  const auto recent = cache.add(kNew, "new.json", "new");
  cache.refer("v1", kOld);
  cache.refer("main", kNew);
  const auto removed = remove_revision(cache.repository, "v1");
  EXPECT_EQ(removed.bytes, 5u);
  EXPECT_FALSE(fs::exists(cache.blob(old)));
  EXPECT_TRUE(fs::exists(cache.blob(shared)));
  EXPECT_TRUE(fs::exists(cache.blob(recent)));
  EXPECT_FALSE(fs::exists(snapshot_directory(cache.repository, kOld)));
  EXPECT_EQ(cached_commit(cache.repository, "v1"), "");
  EXPECT_EQ(cached_snapshot("org/name", cache.root.path()),
            snapshot_directory(cache.repository, kNew));
  EXPECT_THROW(remove_revision(cache.repository, "v1"), Error);
}

TEST(ModelRemoval, AllOfItGoesAndNothingElse) {
  const TestCache cache;
  cache.add(kNew, "config.json", "123");
  cache.root.write("models--org--name/blobs/abc.incomplete", "4567");
  cache.root.write("models--org--other/blobs/x", "stays");
  cache.root.write("blobs/ab/hash", "stays");
  fs::create_symlink("../../blobs/ab/hash", cache.blob("linked"));
  const auto removed = remove_model(cache.repository);
  EXPECT_EQ(removed.bytes, 7u);
  EXPECT_EQ(removed.shared, 1);
  EXPECT_FALSE(fs::exists(cache.repository));
  EXPECT_TRUE(fs::exists(cache.root.path("models--org--other/blobs/x")));
  EXPECT_TRUE(fs::exists(cache.root.path("blobs/ab/hash")));
}

TEST(ModelRemoval, CopiesInASnapshotAreCountedAndAFileWithTwoNamesOnce) {
  const TestCache cache;
  const std::string snapshot = "models--org--name/snapshots/";
  cache.root.write(snapshot + kOld + "/model.safetensors", "12345");
  cache.root.write(snapshot + kNew + "/config.json", "123");
  cache.root.write("models--org--name/blobs/twice", "1234567");
  fs::create_hard_link(cache.blob("twice"), cache.root.path(snapshot + kNew + "/twice"));
  cache.root.write("elsewhere", "stays");
  fs::create_hard_link(cache.root.path("elsewhere"), cache.root.path(snapshot + kNew + "/shared"));
  EXPECT_EQ(remove_revision(cache.repository, kOld).bytes, 5u);
  EXPECT_EQ(remove_model(cache.repository).bytes, 10u);
}

}  // namespace
}  // namespace sanctum::hub
