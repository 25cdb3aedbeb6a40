#include "platform/file_identity.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/test_directory.h"

namespace sanctum::platform {
namespace {

TEST(FileIdentity, WhatSomebodyElsePutThereIsNotRemoved) {
  const TestDirectory directory;
  const std::string path = directory.path("control.sock");
  EXPECT_FALSE(file_identity(path));
  write_file_atomically(path, "mine");
  const auto mine = file_identity(path);
  ASSERT_TRUE(mine);
  write_file_atomically(path, "the next one's");
  remove_if_same(path, mine);
  EXPECT_EQ(read_file(path), "the next one's");
  remove_if_same(path, std::nullopt);
  EXPECT_TRUE(std::filesystem::exists(path));
  remove_if_same(path, file_identity(path));
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace sanctum::platform
