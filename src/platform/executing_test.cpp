#include "platform/executing.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/test_directory.h"
#include "platform/machine.h"
#include "platform/process.h"

namespace sanctum::platform {
namespace {

std::vector<int> holders(const std::string& directory) {
  std::vector<int> pids;
  for (const auto& executing : executing_from(directory)) pids.push_back(executing.pid);
  return pids;
}

TEST(Executing, WeRunFromWhereOurProgramIs) {
  const auto here = holders(std::filesystem::path(executable_path()).parent_path().string());
  EXPECT_NE(std::find(here.begin(), here.end(), ::getpid()), here.end());
  const TestDirectory nobody;
  EXPECT_TRUE(holders(nobody.path()).empty());
}

// A build's clean that deleted the program of a running server went unnoticed for sixteen hours.
TEST(Executing, AProgramThatWasDeletedIsStillExecuted) {
  const TestDirectory directory;
  std::filesystem::copy_file("/bin/sleep", directory.path("sleep"));
  Process child({directory.path("sleep"), {"60"}, {}, {}});
  std::filesystem::remove(directory.path("sleep"));
  EXPECT_EQ(holders(directory.path()), std::vector<int>{child.pid()});
}

#ifdef __linux__
// A server on CUDA was parked: MLX's copy had lost the headers that it compiles its kernels with.
TEST(Executing, ALibraryThatNeedsItsSurroundingsIsNotOneToBeCopied) {
  namespace fs = std::filesystem;
  const TestDirectory cpu, cuda;
  fs::create_directories(cuda.path("include") + "/cccl");
  std::vector<void*> handles;
  for (const TestDirectory* wheel : {&cpu, &cuda}) {
    fs::create_directory(wheel->path("lib"));
    fs::copy_file(fs::path(executable_path()).parent_path() / "sanctum_no_threads.so",
                  wheel->path("lib") + "/libmlx.so");
    handles.push_back(::dlopen((wheel->path("lib") + "/libmlx.so").c_str(), RTLD_NOW | RTLD_LOCAL));
    ASSERT_NE(handles.back(), nullptr) << ::dlerror();
  }
  const auto ours = libraries_of_our_own();
  EXPECT_THAT(ours, testing::Contains(cpu.path("lib") + "/libmlx.so"));
  EXPECT_THAT(ours, testing::Not(testing::Contains(cuda.path("lib") + "/libmlx.so")));
  for (void* handle : handles) ::dlclose(handle);
}
#endif

TEST(Executing, ADirectoryIsNoPrefix) {
  const TestDirectory directory;
  std::filesystem::create_directory(directory.path("bin-other"));
  std::filesystem::copy_file("/bin/sleep", directory.path("bin-other/sleep"));
  Process child({directory.path("bin-other/sleep"), {"60"}, {}, {}});
  EXPECT_TRUE(holders(directory.path("bin")).empty());
}

}  // namespace
}  // namespace sanctum::platform
