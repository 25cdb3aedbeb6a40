#include "base/unreadable.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/test_directory.h"

namespace sanctum {
namespace {

TEST(Unreadable, WhatMayNotBeLookedAtIsNotTakenForAbsent) {
  const TestDirectory root;
  root.write("file", "x");
  std::filesystem::create_symlink("nothing", root.path("dangling"));
  std::filesystem::create_symlink("round", root.path("round"));  // no user may follow it
  ASSERT_EQ(::mkfifo(root.path("pipe").c_str(), 0600), 0);
  for (const char* fine : {"", "file", "absent", "file/below", "dangling", "pipe"})
    EXPECT_EQ(why_unreadable(root.path(fine)), "") << fine;
  const std::string path = root.path("round/below");
  EXPECT_EQ(why_unreadable(path), "cannot open " + path + ": Too many levels of symbolic links");
}

}  // namespace
}  // namespace sanctum
