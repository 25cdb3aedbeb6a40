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
  EXPECT_EQ(none_loads({{"m", smoke()}}, options), std::nullopt);
  EXPECT_EQ(none_loads({{"gone", "/nowhere"}, {"m", smoke()}}, options), std::nullopt);
  EXPECT_EQ(none_loads({}, options), std::nullopt);
}

TEST(LoadCheck, EachIsNamedWithWhatIsWrong) {
  const auto why = none_loads({{"gone", "/nowhere"}, {"other", "/elsewhere"}}, {});
  ASSERT_TRUE(why);
  EXPECT_NE(why->find("'gone' in /nowhere cannot be served: "), std::string::npos) << *why;
  EXPECT_NE(why->find("; 'other' in /elsewhere"), std::string::npos) << *why;
}

TEST(LoadCheck, MemoryForKeysAndValuesHasToBeEnough) {
  DeviceOptions options;
  options.kv_bytes = 1024;
  const auto why = none_loads({{"m", smoke()}}, options);
  ASSERT_TRUE(why);
  EXPECT_NE(why->find("--kv-bytes"), std::string::npos) << *why;
}

TEST(LoadCheck, OptionsThatContradictEachOtherAreAnError) {
  DeviceOptions options;
  options.kernels = "mlx";
  options.cpu.kv_int8 = true;
  EXPECT_THROW(none_loads({{"m", smoke()}}, options), Error);
}

}  // namespace
}  // namespace sanctum::engine
