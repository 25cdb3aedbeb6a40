#include "base/read_only_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/test_directory.h"

namespace sanctum {
namespace {

class ReadOnlyFileTest : public testing::Test {
 protected:
  static Error error_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error;
    }
    return {ErrorCode::kInternal, "no error"};
  }
  static void refused(const Error& error, ErrorCode code, const std::string& words) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_EQ(error.what(), words);
    EXPECT_EQ(error.field(), "path");
  }
  static std::byte first(const ReadOnlyFile& file, std::size_t bytes = 1) {
    std::vector<std::byte> to(bytes);
    file.read(0, to.data(), bytes);
    return to[0];
  }
  const TestDirectory directory_;
  const std::string path_ = directory_.path("file");
};

TEST_F(ReadOnlyFileTest, ReadsTheFileThatWasOpenedWhateverItsPathNamesNow) {
  directory_.write("file", "abc");
  const ReadOnlyFile file(path_);
  directory_.write("next", "xyz");
  std::filesystem::rename(directory_.path("next"), path_);
  EXPECT_EQ(first(file, 3), std::byte('a'));
  EXPECT_EQ(file.bytes(), 3u);
  file.expect_unchanged();
}

TEST_F(ReadOnlyFileTest, WhatCannotBeOpenedIsNamedByItsKind) {
  refused(error_of([&] { ReadOnlyFile{path_}; }), ErrorCode::kNotFound,
          "cannot open " + path_ + ": No such file or directory");
  refused(error_of([&] { ReadOnlyFile(path_, "the letter"); }), ErrorCode::kNotFound,
          "cannot open the letter " + path_ + ": No such file or directory");
  refused(error_of([&] { ReadOnlyFile{directory_.path()}; }), ErrorCode::kInvalid,
          directory_.path() + " is not a regular file");
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  refused(error_of([&] { ReadOnlyFile(path_, "the letter", ErrorCode::kCorrupt); }),
          ErrorCode::kCorrupt, "the letter " + path_ + " is not a regular file");
}

TEST_F(ReadOnlyFileTest, OneThatChangesWhileItIsReadIsDamaged) {
  directory_.write("file", "abc");
  const ReadOnlyFile file(path_, "the letter");
  refused(error_of([&] { first(file, 4); }), ErrorCode::kCorrupt,
          "the letter " + path_ + " became shorter while it was read");
  const auto later = std::filesystem::last_write_time(path_) + std::chrono::microseconds(1);
  std::filesystem::last_write_time(path_, later);
  refused(error_of([&] { file.expect_unchanged(); }), ErrorCode::kCorrupt,
          "the letter " + path_ + " was written to while it was read: begin again");
}

// Taken for a damaged file, it was never tried again. The system has no such memory: EIO.
TEST_F(ReadOnlyFileTest, ADisksErrorIsNoDamage) {
  if (!std::filesystem::exists("/proc/self/mem")) GTEST_SKIP() << "this system has no /proc";
  for (const auto& [kind, name] :
       {std::pair<std::string, std::string>{"", ""}, {"the weight file", "the weight file "}}) {
    const ReadOnlyFile file("/proc/self/mem", kind);
    refused(error_of([&] { first(file); }), ErrorCode::kUnavailable,
            "cannot read " + name + "/proc/self/mem: Input/output error");
  }
}

}  // namespace
}  // namespace sanctum
