#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/file_error.h"
#include "base/test_directory.h"

namespace sanctum {
namespace {

class FileTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path(name); }
  const TestDirectory directory_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  const std::string bytes("a\0b\n", 4);
  write_file_atomically(path("x"), bytes, 0600);
  EXPECT_EQ(read_file(path("x")), bytes);
  write_file_atomically(path("x"), "second", 0600);
  EXPECT_EQ(read_file(path("x")), "second");
  struct stat status{};
  ASSERT_EQ(::stat(path("x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(FileTest, LeavesNothingBeside) {
  write_file_atomically(path("x"), "1");
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    ++files;
  EXPECT_EQ(files, 1);
}

TEST_F(FileTest, MissingFileIsNotFoundAndNamesThePath) {
  try {
    read_file(path("absent"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(error.what()).find(path("absent")), std::string::npos);
  }
}

TEST_F(FileTest, WhatCannotBeHadNowIsUnavailable) {
  const auto code_of = [](const std::string& path) {
    try {
      read_file(path);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  write_file_atomically(path("x"), "1");
  EXPECT_EQ(code_of(path("x/beneath")), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(path(std::string(5000, 'x'))), ErrorCode::kUnavailable);
  std::filesystem::create_symlink("circle", path("circle"));
  EXPECT_EQ(code_of(path("circle")), ErrorCode::kNotFound) << "it does not pass by itself";
  for (const int error : {EACCES, EPERM}) EXPECT_EQ(file_error_code(error), ErrorCode::kDenied);
}

TEST_F(FileTest, ALinkThatLeadsNowhereIsNoFileThatIsMissing) {
  EXPECT_EQ(read_file_if_there(path("x"), 9), std::nullopt);
  EXPECT_EQ(read_file_if_there(path("x/beneath"), 9), std::nullopt);
  write_file_atomically(path("x"), "1");
  EXPECT_EQ(read_file_if_there(path("x"), 9), "1");
  std::filesystem::create_symlink("gone", path("link"));
  try {
    read_file_if_there(path("link"), 9);
    FAIL() << "taken for none";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(error.what()).find("a link to a file that is not there"),
              std::string::npos);
  }
}

TEST_F(FileTest, LargerThanTheLimitIsCorrupt) {
  write_file_atomically(path("x"), "12345");
  EXPECT_EQ(read_file(path("x"), 5), "12345");
  try {
    read_file(path("x"), 4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
  }
}

TEST_F(FileTest, DirectoryIsRefused) {
  EXPECT_THROW(read_file(directory_.path()), Error);
  EXPECT_THROW(write_file_atomically(path("absent/x"), "1"), Error);
}

}  // namespace
}  // namespace sanctum
