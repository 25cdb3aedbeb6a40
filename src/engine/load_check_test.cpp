#include "engine/load_check.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "engine/device_backend.h"

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
  EXPECT_EQ(load_candidate("a=b=/x/a=b").model, "a=b") << "as its directory is called";
  for (const char* wrong : {"", "m", "=/a", "m="})
    EXPECT_THROW(load_candidate(wrong), Error) << wrong;
}

TEST(LoadCheck, OneThatLoadsIsEnough) {
  const DeviceOptions options;
  EXPECT_EQ(check_loads({{"m", smoke()}}, options, {.texts = true}).why, "");
  const LoadsChecked one =
      check_loads({{"gone", "/nowhere"}, {"m", smoke()}}, options, {.texts = true});
  EXPECT_FALSE(one.none);
  EXPECT_NE(one.why.find("'gone' in /nowhere"), std::string::npos) << "which is told all the same";
  EXPECT_FALSE(check_loads({}, options, {.texts = true}).none);
}

TEST(LoadCheck, EachIsNamedWithWhatIsWrong) {
  const LoadsChecked checked = check_loads({{"gone", "/nowhere"}, {"other", "/elsewhere"}}, {}, {});
  ASSERT_TRUE(checked.none);
  EXPECT_NE(checked.why.find("'gone' in /nowhere cannot be served: "), std::string::npos)
      << checked.why;
  EXPECT_NE(checked.why.find("; 'other' in /elsewhere"), std::string::npos) << checked.why;
}

TEST(LoadCheck, MemoryForKeysAndValuesHasToBeEnough) {
  DeviceOptions options;
  options.kv_bytes = 1024;
  const LoadsChecked checked = check_loads({{"m", smoke()}}, options, {.texts = true});
  ASSERT_TRUE(checked.none);
  EXPECT_NE(checked.why.find("--kv-bytes"), std::string::npos) << checked.why;
}

// The engine holds each format to it in tests/engine/test_memory_predicted.py.
TEST(LoadCheck, MemoryIsToldAsTheBackendTakesIt) {
  for (const char* kernels : {"cpu", "mlx"}) {
    DeviceOptions options;
    options.kernels = kernels;
    options.kv_bytes = 1024;  // too little, and told all the same
    const LoadsChecked checked = check_loads({{"m", smoke()}}, options, {.memory = true});
    ASSERT_EQ(checked.memories.size(), 1u) << kernels;
    const wire::ModelMemory& memory = checked.memories.front();
    const auto backend = device_backend(options);
    nn::LoadPlan plan{*backend};
    const auto traits =
        models::traits_of(models::describe(smoke()), nn::stock_backend(mlx::core::float32), plan);
    const auto kv = backend->kv_memory(traits.kv, std::uint64_t{1} << 30, nn::kStepTokensUsual);
    for (const std::int64_t tokens : {1, 64, 65, 257, 4000})
      EXPECT_EQ(memory.sequence_bytes(tokens), kv->bytes_for(tokens)) << kernels << " " << tokens;
    for (const std::uint64_t bytes : {std::uint64_t{2} << 20, std::uint64_t{5} << 20})
      EXPECT_EQ(memory.tokens_within(bytes),
                backend->kv_memory(traits.kv, bytes, nn::kStepTokensUsual)->tokens_max());
    EXPECT_EQ(memory.kernels, backend->name());
  }
}

TEST(LoadCheck, OptionsThatContradictEachOtherAreAnError) {
  DeviceOptions options;
  options.kernels = "mlx";
  options.cpu.kv_int8 = true;
  EXPECT_THROW(check_loads({{"m", smoke()}}, options, {}), Error);
}

}  // namespace
}  // namespace sanctum::engine
