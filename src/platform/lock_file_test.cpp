#include "platform/lock_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"

namespace sanctum::platform {
namespace {

TEST(LockFile, TheSecondIsRefusedNamingTheFirst) {
  std::string pattern = (std::filesystem::temp_directory_path() / "sanctum-lock-XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(pattern.data());
  const std::string path = (directory / "lock").string();
  {
    const LockFile first(path);
    try {
      const LockFile second(path);
      ADD_FAILURE() << "two holders";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBusy);
      EXPECT_NE(std::string(error.what()).find("process " + std::to_string(::getpid())),
                std::string::npos);
    }
  }
  const LockFile again(path);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace sanctum::platform
