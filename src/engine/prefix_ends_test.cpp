// What is found again of a prompt whose layers do not all remember every token: at the ends alone
// that were kept (shared_prefixes.h).
#include <gtest/gtest.h>

#include "base/proving.h"
#include "engine/remembering_model.h"

namespace sanctum::engine {
namespace {

constexpr int kPlentyOfTokens = 32 * kGrain;

int found_again(Memory kind, const std::vector<int>& first, const std::vector<int>& second,
                StepLimits limits) {
  ModelRunner one = runner(kind, kPlentyOfTokens, limits);
  Heard heard;
  for (const auto& [name, tokens] : {std::pair{"first", first}, {"second", second}}) {
    one.submit(sequence(name, tokens, 5));
    heard.finish(one);
    EXPECT_EQ(heard.said[name], expected(tokens, 5, true)) << name;
  }
  return heard.ended["second"].usage.cached_tokens;
}

TEST(PrefixEnds, TheLastBorderBeforeAPromptsTailIsFoundAgain) {
  for (const Memory kind : kMemoriesWithEnds) {
    for (const int chunk : {33, 100, 512}) {
      for (const auto& [tokens, found] :
           {std::pair{79, 0}, {80, 64}, {130, 64}, {144, 128}, {700, 640}}) {
        const auto told = prompt(1, 0, tokens, 2);
        EXPECT_EQ(found_again(kind, told, told, {8, chunk}), found) << tokens;
        auto next_turn = told;  // it begins with the prompt, but for its last tokens
        next_turn.resize(told.size() - SharedPrefixes::kTailTokens);
        for (int i = 0; i < 200; ++i) next_turn.push_back(i % kVocabulary);
        EXPECT_EQ(found_again(kind, told, next_turn, {8, chunk}), found) << tokens;
      }
    }
  }
}

// Beside its window a sequence remembers a whole step: where 512 tokens were counted for one of
// 2048, the last one was preempted, alone, and began anew for ever.
TEST(PrefixEnds, WhatFillsTheMemoryEndsInLongStepsToo) {
  for (const Memory kind : kMemoriesWithEnds) {
    for (const int step : {100, 512, 1000, 2048}) {
      for (const int tokens : {3000, 4000, 4090}) {
        ModelRunner one = runner(kind, 4096, {8, step}, 0);
        Heard heard;
        const auto told = prompt(1, 0, tokens, 2);
        one.submit(sequence("long", told, 5));
        heard.finish(one);
        EXPECT_EQ(heard.said["long"], expected(told, 5, true)) << step << ", " << tokens;
      }
    }
  }
}

TEST(PrefixEnds, OthersAreAsFarApartAsTheMemorySays) {
  for (const Memory kind : kMemoriesWithEnds) {
    const int apart = memory_for(kind, kGrain)->spacing_tokens();
    ASSERT_EQ(apart, nn::kSpacingMin);
    for (const auto& [shared, found] : {std::pair{apart - 1, 0}, {apart, apart}, {1200, 2 * apart}})
      EXPECT_EQ(found_again(kind, prompt(1, shared, 1500, 2), prompt(1, shared, 1500, 3), {8, 200}),
                found)
          << shared;
  }
}

TEST(PrefixEnds, WhatASequenceSaidIsFoundAgainToo) {
  for (const Memory kind : kMemoriesWithEnds) {
    ModelRunner one = runner(kind, kPlentyOfTokens, {8, 512});
    Heard heard;
    auto tokens = prompt(1, 0, 500, 2);
    one.submit(sequence("first", tokens, 100));
    heard.finish(one);
    const auto& said = heard.said["first"];
    tokens.insert(tokens.end(), said.begin(), said.end());
    one.submit(sequence("second", tokens, 5));
    heard.finish(one);
    EXPECT_EQ(heard.ended["second"].usage.cached_tokens, 512);
    EXPECT_EQ(heard.said["second"], expected(tokens, 5, true));
  }
}

TEST(PrefixEnds, ThoseThatCameTogetherWaitForOneOfThem) {
  for (const Memory kind : kMemoriesWithEnds) {
    ModelRunner one = runner(kind, kPlentyOfTokens, {8, 200});
    Heard heard;
    for (const char* name : {"a", "b", "c"})
      one.submit(sequence(name, prompt(1, 600, 700, name[0]), 5));
    heard.finish(one);
    for (const char* name : {"a", "b", "c"})
      EXPECT_EQ(heard.said[name], expected(prompt(1, 600, 700, name[0]), 5, true));
    EXPECT_EQ(heard.ended["a"].usage.cached_tokens, 0);
    EXPECT_EQ(heard.ended["b"].usage.cached_tokens, 512);
    EXPECT_EQ(heard.ended["c"].usage.cached_tokens, 512);
  }
}

// A state that is kept is copied before it changes; where that finds no room, it is kept no longer.
TEST(PrefixEnds, APromptThatFillsTheMemoryComesToItsEnd) {
  for (const Memory kind : kMemoriesWithEnds) {
    ModelRunner one = runner(kind, 4 * kGrain, {8, 100});
    Heard heard;
    for (int i = 0; i < 3; ++i) one.submit(sequence(std::to_string(i), prompt(i, 0, 200, i), 5));
    heard.finish(one);
    EXPECT_GT(one.prefix_bytes(), 0u);
    const auto tokens = prompt(1, 0, 4 * kGrain - 5, 2);
    one.submit(sequence("long", tokens, 5));
    heard.finish(one);
    EXPECT_EQ(heard.said["long"], expected(tokens, 5, true));
  }
}

TEST(PrefixEnds, WhateverTheScheduleAllComeToTheirEndWithCopies) {
  remembering_schedules(Memory::kCopiesWithEnds, proving() ? 300 : 40);
}

TEST(PrefixEnds, WhateverTheScheduleAllComeToTheirEndWithBlocks) {
  remembering_schedules(Memory::kBlocksWithEnds, proving() ? 300 : 40);
}

}  // namespace
}  // namespace sanctum::engine
