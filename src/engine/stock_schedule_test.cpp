// With MLX's own operations no bits are promised. What must hold: all come to their end, however
// little memory there is, and to rounding they answer as alone.
#include <gtest/gtest.h>

#include "engine/random_model.h"
#include "engine/test_prompts.h"
#include "engine/test_schedules.h"
#include "nn/stock/contiguous_cache.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

constexpr double kLogprobErrorMax = 1e-3;         // of float32
constexpr double kLogprobErrorMaxBfloat16 = 0.2;  // whose numbers have three digits

// While two answers are the same, what comes next must be as likely to within `error_max`.
void expect_alike(const KnownAnswer& answer, const KnownAnswer& alone, double error_max,
                  const std::string& which) {
  ASSERT_EQ(answer.tokens.size(), alone.tokens.size()) << which;
  for (std::size_t at = 0; at < alone.tokens.size(); ++at) {
    EXPECT_NEAR(answer.top[at].front().second, alone.top[at].front().second, error_max)
        << which << ", token " << at;
    if (answer.tokens[at] != alone.tokens[at]) break;  // another answer from here on
  }
}

void compare_schedules(mx::Dtype type, double error_max, unsigned schedules) {
  const RandomModel tiny(tiny_llama());
  const KnownRequests requests(tiny.description(), nn::stock_backend(type), random_prompts(),
                               type.size());
  constexpr int kGrain = nn::ContiguousMemory::kGrainTokens;
  const int least = (requests.longest_prompt() + kTokensMax + kGrain - 1) / kGrain;
  ASSERT_GT(2 * requests.longest_prompt(), least * kGrain) << "over half of the least memory";
  std::vector<int> blocks;
  for (const int grains : {least, least + 1, 2 * least, 3 * least})
    blocks.insert(blocks.end(), {grains * kGrain / 64, grains * kGrain / 64 + 3});
  for (unsigned seed = 1; seed <= schedules; ++seed) {
    std::mt19937 random(seed);
    const auto asked = draw_schedule(requests, random, 10, blocks);
    ASSERT_FALSE(testing::Test::HasFailure()) << "schedule " << seed;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      expect_alike(asked[i].answer, expected(requests, asked[i]), error_max,
                   "schedule " + std::to_string(seed) + ", request " + std::to_string(i));
    }
  }
}

TEST(StockSchedule, AllComeToTheirEndInLittleMemory) {
  compare_schedules(mx::float32, kLogprobErrorMax, kSanitized ? 2 : proving() ? 300 : 8);
}

TEST(StockSchedule, AllComeToTheirEndInLittleMemoryInBfloat16) {
  compare_schedules(mx::bfloat16, kLogprobErrorMaxBfloat16, kSanitized ? 1 : proving() ? 100 : 3);
}

TEST(StockSchedule, AnswersAreTheSameToRounding) {
  const KnownRequests requests(built_in_model(), nn::stock_backend(mx::float32),
                               built_in_prompts(1, 80));
  ModelRunner runner = requests.runner({32, 100}, kPlenty, 1u << 30);
  for (std::size_t round = 0; round < 2; ++round) {  // the second finds the first's prefixes
    std::map<std::string, KnownAnswer> answers;
    for (std::size_t i = 0; i < requests.count(); ++i) runner.submit(requests.sequence(i, 0));
    while (!runner.idle()) KnownRequests::collect(runner.step(), answers);
    for (std::size_t i = 0; i < requests.count(); ++i) {
      const KnownAnswer &solo = requests.solo(i), &answer = answers.at(std::to_string(i));
      ASSERT_EQ(answer.tokens, solo.tokens) << i;
      for (std::size_t at = 0; at < solo.top.size(); ++at) {
        EXPECT_NEAR(answer.top[at].front().second, solo.top[at].front().second, kLogprobErrorMax)
            << i << " " << at;
      }
    }
  }
}

}  // namespace
}  // namespace sanctum::engine
