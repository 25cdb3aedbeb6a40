#include "engine/load_check.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"

namespace sanctum::engine {
namespace {

std::string smoke() {
  const char* source = std::getenv("SANCTUM_SOURCE_DIR");
  return std::string(source == nullptr ? "." : source) + "/models/smoke";
}

TEST(LoadCheck, CandidatesHaveANameAndADirectory) {
  const LoadCandidate candidate = load_candidate("m=/a=b");
  EXPECT_EQ(candidate.model, "m");
  EXPECT_EQ(candidate.directory, "/a=b");
  for (const char* wrong : {"", "m", "=/a", "m="})
    EXPECT_THROW(load_candidate(wrong), Error) << wrong;
}

TEST(LoadCheck, OneThatLoadsIsEnough) {
  const DeviceOptions options;
  EXPECT_EQ(check_loads({{"m", smoke()}}, options, true).why, "");
  const LoadsChecked one = check_loads({{"gone", "/nowhere"}, {"m", smoke()}}, options, true);
  EXPECT_FALSE(one.none);
  EXPECT_NE(one.why.find("'gone' in /nowhere"), std::string::npos) << "which is told all the same";
  EXPECT_FALSE(check_loads({}, options, true).none);
}

TEST(LoadCheck, EachIsNamedWithWhatIsWrong) {
  const LoadsChecked checked =
      check_loads({{"gone", "/nowhere"}, {"other", "/elsewhere"}}, {}, false);
  ASSERT_TRUE(checked.none);
  EXPECT_NE(checked.why.find("'gone' in /nowhere cannot be served: "), std::string::npos)
      << checked.why;
  EXPECT_NE(checked.why.find("; 'other' in /elsewhere"), std::string::npos) << checked.why;
}

TEST(LoadCheck, MemoryForKeysAndValuesHasToBeEnough) {
  DeviceOptions options;
  options.kv_bytes = 1024;
  const LoadsChecked checked = check_loads({{"m", smoke()}}, options, true);
  ASSERT_TRUE(checked.none);
  EXPECT_NE(checked.why.find("--kv-bytes"), std::string::npos) << checked.why;
}

TEST(LoadCheck, OptionsThatContradictEachOtherAreAnError) {
  DeviceOptions options;
  options.kernels = "mlx";
  options.cpu.kv_int8 = true;
  EXPECT_THROW(check_loads({{"m", smoke()}}, options, false), Error);
}

}  // namespace
}  // namespace sanctum::engine
