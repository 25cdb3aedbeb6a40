#include "platform/command.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::platform {
namespace {

constexpr std::chrono::seconds kLong{20};

TEST(Command, SaysWhatItSays) {
  const auto result =
      run_command({"sh", "-c", "echo one; echo two >&2; echo \"$1\"; exit 3", "x", "a b"}, kLong);
  EXPECT_EQ(result.output, "one\ntwo\na b\n");
  EXPECT_EQ(result.status.code, 3);
}

TEST(Command, ALotIsCutAndEndsAllTheSame) {
  const auto result = run_command({"sh", "-c", "yes | head -c 3000000"}, kLong);
  EXPECT_GE(result.output.size(), kCommandOutputMax);
}

TEST(Command, OneThatHangsIsEnded) {
  EXPECT_THROW(run_command({"sleep", "600"}, std::chrono::milliseconds(100)), Error);
}

TEST(Command, OneThatIsNotThereIsNamed) {
  try {
    run_command({"no-such-program"}, kLong);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(error.what()).find("no-such-program"), std::string::npos);
  }
}

}  // namespace
}  // namespace sanctum::platform
