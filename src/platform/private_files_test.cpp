#include "platform/private_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/test_directory.h"

namespace sanctum::platform {
namespace {

int mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return static_cast<int>(status.st_mode & 07777);
}

TEST(PrivateFiles, WhatOthersMightDoIsTakenAwayAndNothingElse) {
  const TestDirectory directory, elsewhere;
  std::filesystem::create_directory(directory.path("below"));
  write_file_atomically(directory.path("below/program"), "x");
  write_file_atomically(elsewhere.path("kept"), "x");
  ::chmod(directory.path().c_str(), 0755);
  ::chmod(directory.path("below").c_str(), 0775);
  ::chmod(directory.path("below/program").c_str(), 0755);
  ::chmod(elsewhere.path("kept").c_str(), 0644);
  std::filesystem::create_symlink(elsewhere.path("kept"), directory.path("link"));
  EXPECT_EQ(make_private(directory.path()), "");
  EXPECT_EQ(mode_of(directory.path()), 0700);
  EXPECT_EQ(mode_of(directory.path("below")), 0700);
  EXPECT_EQ(mode_of(directory.path("below/program")), 0700);
  EXPECT_EQ(mode_of(elsewhere.path("kept")), 0644) << "a link is not followed";
}

}  // namespace
}  // namespace sanctum::platform
