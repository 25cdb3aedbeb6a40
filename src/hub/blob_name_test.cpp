#include "hub/blob_name.h"

#include <gtest/gtest.h>

#include "hub/content_hash.h"

namespace sanctum::hub {
namespace {

TEST(BlobName, AnEtagLosesItsQuotes) {
  EXPECT_EQ(normalized_etag("\"abc\""), "abc");
  EXPECT_EQ(normalized_etag("W/\"abc\""), "abc");
  EXPECT_EQ(normalized_etag("abc"), "abc");
  EXPECT_EQ(normalized_etag(""), "");
}

TEST(BlobName, IsAFileOfItsDirectoryAndNoPartialOne) {
  EXPECT_TRUE(is_blob_name("abc-1.2_3"));
  for (const char* bad : {"", ".", "..", ".hidden", "a/b", "..\\a", "abc.incomplete", "a b", "a\n"})
    EXPECT_FALSE(is_blob_name(bad)) << bad;
  EXPECT_FALSE(is_blob_name(std::string(201, 'a')));
}

TEST(BlobName, TellsItsHash) {
  EXPECT_EQ(hash_kind(std::string(64, 'a')), HashKind::kSha256);
  EXPECT_EQ(hash_kind(std::string(40, '0')), HashKind::kGitBlob);
  EXPECT_EQ(hash_kind(std::string(40, 'A')), HashKind::kNone);
  EXPECT_EQ(hash_kind(std::string(32, 'a')), HashKind::kNone);
}

TEST(ContentHash, IsGitsAndSha256s) {
  ContentHash git(HashKind::kGitBlob, 6);  // echo hello | git hash-object --stdin
  git.add("hel");
  git.add("lo\n");
  EXPECT_EQ(git.take(), "ce013625030ba8dba906f756967f9e9ca394464a");
  ContentHash sha(HashKind::kSha256, 6);  // echo hello | sha256sum
  sha.add("hello\n");
  EXPECT_EQ(sha.take(), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
}

}  // namespace
}  // namespace sanctum::hub
