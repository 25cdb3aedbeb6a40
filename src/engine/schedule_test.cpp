// Concurrency changes nothing: whatever else is served, however prompts are cut, whether memory
// runs out or a prefix is cached, and after a resume, a request's tokens and logprobs keep their
// bits. With the CPU kernels and the built-in model.
#include <gtest/gtest.h>

#include "engine/test_prompts.h"
#include "engine/test_schedules.h"

namespace sanctum::engine {
namespace {

void compare_schedules(const nn::CpuOptions& options, unsigned schedules) {
  const KnownRequests requests(built_in_model(), nn::cpu_backend(options),
                               built_in_prompts(kTexts.size(), 300));
  std::vector<int> blocks;
  for (int room = 12; room <= 30; ++room) blocks.insert(blocks.end(), {room, kPlenty});
  for (unsigned seed = 1; seed <= schedules; ++seed) {
    std::mt19937 random(seed);
    const auto asked = draw_schedule(requests, random, 40, blocks);
    ASSERT_FALSE(testing::Test::HasFailure()) << "schedule " << seed;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      ASSERT_EQ(asked[i].answer, expected(requests, asked[i]))
          << "schedule " << seed << ", request " << i << " of kind " << asked[i].kind;
    }
  }
}

TEST(Schedule, ChangesNoAnswer) {
  compare_schedules({.threads = 2}, kSanitized ? 2 : proving() ? 500 : 20);
}

TEST(Schedule, ChangesNoAnswerWithKeysAndValuesAsIntegers) {
  compare_schedules({.threads = 2, .kv_int8 = true}, kSanitized ? 1 : proving() ? 100 : 5);
}

// Once a chunk had ended inside a block, the block after it was computed by whoever waited for it
// too.
TEST(Schedule, APrefixThatManyShareIsComputedOnce) {
  const KnownRequests requests(built_in_model(), nn::cpu_backend({.threads = 2}),
                               built_in_prompts(1, 1000));
  const int prompt = requests.sequence(1, 0)->prompt_tokens();
  ASSERT_GT(prompt, 500);
  ModelRunner runner = requests.runner({8, 50}, kPlenty, 1u << 30);
  for (int i = 0; i < 8; ++i) {
    auto sequence = requests.sequence(1, 0);
    sequence->request = std::to_string(i);
    runner.submit(std::move(sequence));
  }
  int computed = 0;
  while (!runner.idle()) {
    for (const SequenceEnd& end : runner.step().ended)
      computed += end.usage.prompt_tokens - end.usage.cached_tokens;
  }
  EXPECT_LE(computed, prompt + 8 * 64) << "the prompt, and of each a block that is not whole";
}

}  // namespace
}  // namespace sanctum::engine
