#include "platform/lock_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::platform {
namespace {

TEST(LockFile, TheSecondIsRefusedNamingTheFirst) {
  const TestDirectory directory;
  const std::string path = directory.path("lock");
  EXPECT_FALSE(LockFile::holder(path));
  {
    const LockFile first(path);
    EXPECT_EQ(LockFile::holder(path), ::getpid());
    try {
      const LockFile second(path);
      ADD_FAILURE() << "two holders";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBusy);
      EXPECT_NE(std::string(error.what()).find("process " + std::to_string(::getpid())),
                std::string::npos);
    }
  }
  EXPECT_FALSE(LockFile::holder(path)) << "the file is there, but nobody holds it";
  const LockFile again(path);
}

}  // namespace
}  // namespace sanctum::platform
