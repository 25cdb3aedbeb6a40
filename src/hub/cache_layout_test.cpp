#include "hub/cache_layout.h"

#include <gtest/gtest.h>

#include "base/test_directory.h"

namespace sanctum::hub {
namespace {

TEST(CacheLayout, RevisionsStayBelowRefs) {
  for (const char* good : {"main", "v1.0", "refs/pr/1", "feature/x-y"})
    EXPECT_TRUE(is_revision(good)) << good;
  for (const char* bad : {"", "..", "a/../b", "/etc", "a/", "a//b", ".hidden", "a/.b", "-x", "a b"})
    EXPECT_FALSE(is_revision(bad)) << bad;
}

TEST(CacheLayout, AReferenceNamesACommitAndNoWayOut) {
  const TestDirectory root;
  const std::string repository = root.path("models--org--name");
  const std::string commit(40, 'a');
  root.write("models--org--name/refs/main", commit + "\n");
  root.write("models--org--name/refs/out", "../../..");
  root.write("models--org--name/refs/deep/er", commit);
  EXPECT_EQ(cached_commit(repository, "main"), commit);
  EXPECT_EQ(cached_commit(repository, "deep/er"), commit);
  EXPECT_EQ(cached_commit(repository, commit), commit);
  EXPECT_EQ(cached_commit(repository, "out"), "");
  EXPECT_EQ(cached_commit(repository, "absent"), "");
  EXPECT_EQ(cached_commit(repository, "../refs/main"), "");
  EXPECT_EQ(cached_snapshot("org/name", root.path()), "");
  root.write("models--org--name/snapshots/" + commit + "/config.json", "{}");
  EXPECT_EQ(cached_snapshot("org/name", root.path()),
            root.path("models--org--name/snapshots/" + commit));
}

TEST(CacheLayout, WhatIsWrongWithAReferenceIsToldOfReferencesAlone) {
  const TestDirectory root;
  root.write("refs/main", "no commit");
  root.write("refs/pr/1", std::string(40, 'a'));
  root.write("other", "no reference");
  EXPECT_EQ(reference_problem(root.path(), "main"), root.path("refs/main") + " names no commit");
  for (const char* none : {"", "..", "../other", "pr", "pr/1", "absent"})
    EXPECT_EQ(reference_problem(root.path(), none), "") << none;
}

TEST(CacheLayout, WhoHasNoMakerIsPulledByOne) {
  EXPECT_EQ(pull_command("org/x", "main", " --verify"), "`sanctum models pull org/x --verify`");
  EXPECT_EQ(pull_command("org/x", "v2"), "`sanctum models pull org/x --revision v2`");
  EXPECT_EQ(pull_command("gpt2", "main"), "`sanctum models pull ORG/gpt2` (ORG: who made it)");
}

}  // namespace
}  // namespace sanctum::hub
