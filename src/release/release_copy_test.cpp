#include "release/release_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"
#include "platform/clone_file.h"
#include "platform/process.h"
#include "release/file_hashes.h"
#include "release/manifest.h"
#include "release/signing.h"

namespace sanctum::release {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ReleaseCopy : public testing::Test {
 protected:
  ReleaseCopy() {
    source_.write("sanctum", "#!/bin/sh\necho one\n");
    source_.write("libmlx.so", "library");
    fs::permissions(source_.path("sanctum"), fs::perms::owner_all);
  }
  std::string keep() {
    return keep_release(
        state_.path("releases"), "1.0",
        {{source_.path("sanctum"), "bin/sanctum"}, {source_.path("libmlx.so"), "lib/libmlx.so"}},
        keys());
  }
  std::string keys() const { return state_.path("certs"); }
  std::string wrong_with(const std::string& release) const {
    try {
      verify_release(release, keys());
      return "nothing";
    } catch (const Error& error) {
      return error.what();
    }
  }
  const TestDirectory source_, state_;
};

TEST_F(ReleaseCopy, IsWholeAndOutlivesItsSource) {
  const std::string release = keep();
  fs::remove_all(source_.path());
  EXPECT_EQ(wrong_with(release), "nothing");
  EXPECT_EQ(read_file(release + "/lib/libmlx.so"), "library");
  EXPECT_EQ(fs::status(release + "/bin/sanctum").permissions(), fs::perms::owner_all);
}

// Every state directory took 89 MB more.
TEST_F(ReleaseCopy, TwoStateDirectoriesShareItsFiles) {
  const std::vector<ReleaseSource> sources{{source_.path("libmlx.so"), "lib/libmlx.so"}};
  const FileStore store(state_.path("files"));
  const auto keep_in = [&](const std::string& name) {
    return keep_release(state_.path(name), "1.0", sources, keys(), store) + "/lib/libmlx.so";
  };
  const std::string a = keep_in("a"), b = keep_in("b");
  const std::string trial = state_.path("trial");
  const bool blocks = platform::share_blocks(a, trial);
  EXPECT_TRUE(blocks || fs::equivalent(a, b)) << "one file, or one file's blocks";
  EXPECT_FALSE(fs::equivalent(a, source_.path("libmlx.so"))) << "a build may write to its own";
  // Damaged in one place it is made anew, and whoever has the damaged one finds out.
  if (blocks) return;
  fs::permissions(a, fs::perms::owner_all);
  std::FILE* file = std::fopen(a.c_str(), "w");
  std::fputs("damaged", file);
  std::fclose(file);
  EXPECT_EQ(read_file(keep_in("c")), "library");
  EXPECT_EQ(read_file(keep_in("a")), "library");
}

// 122 MB were hashed three times one after the other, which took a second where a processor has no
// instructions for it.
TEST_F(ReleaseCopy, HashesOfManyFilesAreThoseOfEach) {
  std::vector<std::string> paths;
  for (int i = 0; i < 9; ++i) {
    source_.write("f" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 1000, 'x'));
    paths.push_back(source_.path("f" + std::to_string(i)));
  }
  paths.push_back(source_.path("absent"));
  const auto hashed = hash_files(paths);
  ASSERT_EQ(hashed.size(), paths.size());
  for (std::size_t i = 0; i + 1 < paths.size(); ++i) {
    EXPECT_EQ(hashed[i].hash.sha256, hash_file(paths[i]).sha256);
    EXPECT_EQ(hashed[i].hash.bytes, i * 1000);
    EXPECT_FALSE(hashed[i].error);
  }
  EXPECT_TRUE(hashed.back().error);
}

TEST_F(ReleaseCopy, TheStoreForgetsWhatNobodyHas) {
  const FileStore store(state_.path("files"));
  for (std::size_t i = 0; i < 2 * kReleasesKept; ++i) {
    source_.write("libmlx.so", "library " + std::to_string(i));
    keep_release(state_.path("releases"), "1.0", {{source_.path("libmlx.so"), "lib/x"}}, keys(),
                 store);
  }
  std::size_t files = 0;
  if (fs::exists(state_.path("files")))
    for ([[maybe_unused]] const auto& each : fs::directory_iterator(state_.path("files"))) ++files;
  EXPECT_LE(files, kReleasesKept);
}

// What a service manager starts: it follows the newest, in one step, and leads nowhere outside.
TEST_F(ReleaseCopy, TheCurrentOneIsALinkThatIsReplaced) {
  const std::string releases = state_.path("releases");
  const std::string first = keep();
  make_current(releases, first);
  EXPECT_EQ(fs::canonical(current_release(releases)), fs::canonical(first));
  source_.write("sanctum", "#!/bin/sh\necho two\n");
  const std::string second = keep();
  EXPECT_EQ(fs::canonical(current_release(releases)), fs::canonical(first));
  make_current(releases, second);
  EXPECT_EQ(fs::canonical(current_release(releases)), fs::canonical(second));
  EXPECT_EQ(fs::read_symlink(current_release(releases)).string(),
            fs::path(second).filename().string());
}

TEST_F(ReleaseCopy, OneThatSomebodyExecutesFromIsNotForgotten) {
  fs::copy_file("/bin/sleep", source_.path("sanctum"), fs::copy_options::overwrite_existing);
  const std::string running = keep();
  const platform::Process process({running + "/bin/sanctum", {"600"}, {}, {}});
  for (std::size_t i = 0; i < 2 * kReleasesKept; ++i) {
    source_.write("libmlx.so", "library " + std::to_string(i));
    keep();
  }
  EXPECT_EQ(wrong_with(running), "nothing");
}

TEST_F(ReleaseCopy, SharesNoFileWithItsSource) {
  const std::string release = keep();
  struct stat status{};
  ASSERT_EQ(::stat((release + "/bin/sanctum").c_str(), &status), 0);
  EXPECT_EQ(status.st_nlink, 1u);
  source_.write("libmlx.so", "another");
  EXPECT_EQ(wrong_with(release), "nothing");
}

TEST_F(ReleaseCopy, TheSameFilesAreTheSameRelease) {
  const std::string first = keep();
  const auto made = fs::last_write_time(first);
  EXPECT_EQ(keep(), first);
  EXPECT_EQ(fs::last_write_time(first), made) << "it was not made again";
  source_.write("libmlx.so", "another");
  EXPECT_NE(keep(), first);
}

TEST_F(ReleaseCopy, AnyChangeIsSeenAndNamed) {
  const std::string release = keep();
  write_file_atomically(release + "/lib/libmlx.so", "librarY", 0600);
  EXPECT_THAT(wrong_with(release), HasSubstr("lib/libmlx.so is not as it was signed"));
  EXPECT_EQ(keep(), release) << "and is made good from its source";
  EXPECT_EQ(wrong_with(release), "nothing");
  fs::remove(release + "/bin/sanctum");
  EXPECT_THAT(wrong_with(release), HasSubstr("bin/sanctum is missing"));
}

TEST_F(ReleaseCopy, EachFileIsJudgedByItself) {
  const std::string release = keep();
  write_file_atomically(release + "/lib/libmlx.so", "librarY", 0600);
  const auto files = examine_release(release, keys());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "bin/sanctum");
  EXPECT_EQ(files[0].damage, "");
  EXPECT_EQ(files[1].name, "lib/libmlx.so");
  EXPECT_THAT(files[1].damage, HasSubstr("not as it was signed"));
}

TEST_F(ReleaseCopy, AManifestThatWasChangedIsNotBelieved) {
  const std::string release = keep();
  write_file_atomically(release + "/manifest.json", R"({"version":"1.0","files":[]})", 0600);
  EXPECT_THAT(wrong_with(release), HasSubstr("manifest.json is not as it was signed"));
}

TEST_F(ReleaseCopy, OldOnesAreForgotten) {
  for (int i = 0; i < 6; ++i) {
    source_.write("libmlx.so", std::to_string(i));
    keep();
  }
  const fs::directory_iterator all(state_.path("releases"));
  EXPECT_EQ(std::distance(begin(all), end(all)), static_cast<std::ptrdiff_t>(kReleasesKept));
}

TEST_F(ReleaseCopy, AMissingSourceIsAnErrorThatNamesIt) {
  fs::remove(source_.path("libmlx.so"));
  try {
    keep();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("libmlx.so"));
  }
}

TEST(ReleaseManifest, NamesThatLeadOutAreRefused) {
  for (const char* name : {"../x", "/etc/passwd", "a/../../x", ""}) {
    const std::string text = encode({"1", {{name, 1, "aa"}}});
    EXPECT_THROW(decode_manifest(text), Error) << name;
  }
  EXPECT_EQ(decode_manifest(encode({"1", {{"bin/x", 1, "aa"}}})).files[0].name, "bin/x");
}

TEST(ReleaseSigning, OnlyTheKeysOwnSignatureCounts) {
  const TestDirectory mine, other;
  make_signing_key(mine.path());
  make_signing_key(other.path());
  EXPECT_THROW(make_signing_key(mine.path()), Error);
  EXPECT_TRUE(is_signed("text", sign("text", mine.path()), mine.path()));
  EXPECT_FALSE(is_signed("texT", sign("text", mine.path()), mine.path()));
  EXPECT_FALSE(is_signed("text", sign("text", other.path()), mine.path()));
  EXPECT_FALSE(is_signed("text", "no base64!", mine.path()));
}

}  // namespace
}  // namespace sanctum::release
