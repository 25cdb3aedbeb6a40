#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

namespace sanctum::engine {
namespace {

SequenceState waiting(int prompt) {
  return {false, false, 0, prompt};
}
SequenceState prefilling(int left) {
  return {true, false, 0, left};
}
SequenceState decoding() {
  return {true, false, 0, 1};
}

// A device on which a step takes 10 ms and 1 ms for each row.
StepCost known_cost() {
  StepCost cost;
  for (int i = 0; i < 1000; ++i) cost.observe(1 + i % 256, 11 + i % 256);
  return cost;
}
StepPlan plan_of(const std::vector<SequenceState>& states, const StepLimits& limits) {
  return plan_step(states, limits, known_cost());
}

TEST(Scheduler, DecodingRowsComeBeforePrompts) {
  const StepPlan plan = plan_of({prefilling(100), decoding(), decoding()}, {8, 10});
  ASSERT_EQ(plan.rows.size(), 3u);
  EXPECT_EQ(plan.rows[0].sequence, 1u);
  EXPECT_EQ(plan.rows[1].sequence, 2u);
  EXPECT_EQ(plan.rows[2].sequence, 0u);
  EXPECT_EQ(plan.rows[2].tokens, 8);
}

TEST(Scheduler, TheOldestPromptTakesWhatIsLeftOfTheBudget) {
  const StepPlan plan = plan_of({prefilling(6), prefilling(100), prefilling(100)}, {8, 16});
  ASSERT_EQ(plan.rows.size(), 2u);
  EXPECT_EQ(plan.rows[0].tokens, 6);
  EXPECT_EQ(plan.rows[1].sequence, 1u);
  EXPECT_EQ(plan.rows[1].tokens, 10);
}

// Once, 16 tokens behind three prompts of 4,000 waited as long as all three.
TEST(Scheduler, AShortPromptDoesNotWaitForTheLongOnesBeforeIt) {
  const StepPlan plan =
      plan_of({prefilling(4000), prefilling(4000), prefilling(3000), prefilling(16)}, {8, 100});
  ASSERT_EQ(plan.rows.size(), 3u) << "in order of arrival";
  EXPECT_EQ(plan.rows[0].sequence, 0u);
  EXPECT_EQ(plan.rows[0].tokens, 50) << "half is the oldest's";
  EXPECT_EQ(plan.rows[1].sequence, 2u);
  EXPECT_EQ(plan.rows[1].tokens, 34) << "what the shortest leaves is for the next";
  EXPECT_EQ(plan.rows[2].sequence, 3u);
  EXPECT_EQ(plan.rows[2].tokens, 16);
}

TEST(Scheduler, WhatIsSpareIsUsedWhoeverNeedsLittle) {
  const StepPlan plan = plan_of({prefilling(4000), prefilling(5)}, {8, 100});
  ASSERT_EQ(plan.rows.size(), 2u);
  EXPECT_EQ(plan.rows[0].tokens, 95);
  EXPECT_EQ(plan.rows[1].tokens, 5);
  EXPECT_EQ(plan_of({prefilling(4000)}, {8, 100}).rows.at(0).tokens, 100);
}

// However many short ones arrive: the oldest has half, and comes to its end.
TEST(Scheduler, ALongPromptIsNotOvertakenForever) {
  constexpr int kLong = 4000, kTokens = 100;
  std::vector<SequenceState> states{prefilling(kLong)};
  for (int steps = 0; states[0].left > 1; ++steps) {
    ASSERT_LT(steps, 2 * kLong / kTokens + 1);
    while (states.size() < 12) states.push_back(prefilling(30));
    for (const StepPlan::Row& row : plan_of(states, {16, kTokens}).rows)
      states[row.sequence].left -= std::min(row.tokens, states[row.sequence].left - 1);
    std::erase_if(states, [](const SequenceState& s) { return s.left == 1 && s.running; });
    if (states.empty() || states[0].left <= 30) break;  // it is one of the short ones now
  }
}

TEST(Scheduler, APictureDoesNotWaitForTheLargeOnesBeforeIt) {
  std::vector<SequenceState> states(30, decoding());
  for (const int tokens : {4000, 1000, 16, 16}) states.push_back({true, false, tokens, 50});
  const StepPlan plan = plan_of(states, {64, 512});
  ASSERT_EQ(plan.encode.size(), 2u);
  EXPECT_EQ(plan.encode[0].sequence, 30u);
  EXPECT_NEAR(plan.encode[0].ms, 20, 1);
  EXPECT_EQ(plan.encode[1].sequence, 32u);
  EXPECT_NEAR(plan.encode[1].ms, 20, 1);
}

TEST(Scheduler, WhoIsHeldBackIsNotFed) {
  const SequenceState waits{true, true, 0, 500}, seeing{true, true, 9, 500};
  const StepPlan plan = plan_of({waits, seeing, prefilling(500), prefilling(10)}, {8, 100});
  EXPECT_TRUE(plan.encode.empty());
  ASSERT_EQ(plan.rows.size(), 2u);
  EXPECT_EQ(plan.rows[0].sequence, 2u);
  EXPECT_EQ(plan.rows[0].tokens, 90) << "the oldest of those that can go on has half, and the rest";
  EXPECT_EQ(plan.rows[1].sequence, 3u);
}

TEST(Scheduler, AReservedPromptComesFirstAndLeavesTheOldestItsHalf) {
  SequenceState probe = prefilling(20);
  probe.reserved = true;
  const StepPlan plan = plan_of({prefilling(500), prefilling(60), probe}, {8, 100});
  ASSERT_EQ(plan.rows.size(), 3u);
  EXPECT_EQ(plan.rows[0].sequence, 2u);
  EXPECT_EQ(plan.rows[0].tokens, 20);
  EXPECT_EQ(plan.rows[1].sequence, 0u);
  EXPECT_EQ(plan.rows[1].tokens, 40);
  EXPECT_EQ(plan.rows[2].tokens, 40);
}

TEST(Scheduler, AdmissionIsInOrderAndBounded) {
  const StepPlan plan = plan_of({decoding(), waiting(4), waiting(4), waiting(4)}, {3, 64});
  EXPECT_EQ(plan.admit, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(plan.rows.size(), 3u);
}

TEST(Scheduler, OnePictureAStepAndNoPrefillBeforeItsPictures) {
  const StepPlan plan = plan_of({{true, false, 9, 50}, {true, false, 9, 50}, decoding()}, {8, 64});
  ASSERT_EQ(plan.encode.size(), 1u);
  EXPECT_EQ(plan.encode[0].sequence, 0u);
  ASSERT_EQ(plan.rows.size(), 1u);
  EXPECT_EQ(plan.rows[0].sequence, 2u);
}

TEST(Scheduler, APromptAtMostDoublesTheStepOfThoseThatDecode) {
  std::vector<SequenceState> states(30, decoding());
  states.push_back(prefilling(1000));
  const StepPlan plan = plan_of(states, {64, 512});
  ASSERT_EQ(plan.rows.size(), 31u);
  EXPECT_NEAR(plan.rows.back().tokens, 40, 1);  // 10 + 30 + 40 = 2 * (10 + 30) ms
}

TEST(Scheduler, ASlowStepIsNotStretchedBeyondItsLimit) {
  std::vector<SequenceState> states(30, decoding());
  states.push_back(prefilling(1000));
  StepLimits limits{64, 512};
  limits.step_ms_max = 60;
  EXPECT_NEAR(plan_of(states, limits).rows.back().tokens, 20, 1);
  limits.step_ms_max = 30;
  EXPECT_NEAR(plan_of(states, limits).rows.back().tokens, 10, 1) << "a prompt goes on all the same";
}

TEST(Scheduler, WhenNobodyDecodesAStepIsLongButBounded) {
  EXPECT_NEAR(plan_of({prefilling(5000)}, {64, 5000}).rows.back().tokens, kAloneMs - 10, 5);
}

TEST(Scheduler, APictureAndAPromptShareWhatIsSpare) {
  std::vector<SequenceState> states(30, decoding());
  states.push_back({true, false, 1, 50});
  EXPECT_NEAR(plan_of(states, {64, 512}).encode.at(0).ms, 40, 1);
  states.push_back(prefilling(1000));
  const StepPlan plan = plan_of(states, {64, 512});
  EXPECT_NEAR(plan.encode.at(0).ms, 20, 1);
  EXPECT_NEAR(plan.rows.back().tokens, 20, 1);
}

TEST(Scheduler, ASequenceWaitsForRoomAndIsNotOvertaken) {
  StepLimits limits{8, 64};
  limits.kv_bytes_max = 1000;
  const SequenceState runs{true, false, 0, 1, 700}, large{false, false, 0, 50, 400};
  const SequenceState small{false, false, 0, 50, 100};
  EXPECT_TRUE(plan_of({runs, large, small}, limits).admit.empty());
  EXPECT_EQ(plan_of({runs, small, large}, limits).admit, (std::vector<std::size_t>{1}));
  const SequenceState hopeful{false, false, 0, 50, 4000};
  EXPECT_EQ(plan_of({hopeful, small}, limits).admit, (std::vector<std::size_t>{0}))
      << "its prediction may be wrong, and nobody else wants the room";
}

TEST(Scheduler, AReservedSequenceOvertakesAndHasAPlaceOfItsOwn) {
  SequenceState probe = waiting(4);
  probe.reserved = true;
  const StepPlan plan = plan_of({prefilling(500), decoding(), waiting(4), probe}, {2, 64});
  EXPECT_EQ(plan.admit, (std::vector<std::size_t>{3}));
  ASSERT_EQ(plan.rows.size(), 3u);
  EXPECT_EQ(plan.rows[0].sequence, 1u) << "who decodes waits for nobody";
  EXPECT_EQ(plan.rows[1].sequence, 3u);
  EXPECT_EQ(plan.rows[1].tokens, 4);
  SequenceState another = probe;
  probe.running = true;
  EXPECT_TRUE(plan_of({decoding(), decoding(), probe, another}, {2, 64}).admit.empty())
      << "one at a time";
}

TEST(Scheduler, ThereIsRoomForAReservedSequence) {
  StepLimits limits{8, 64};
  limits.kv_bytes_max = 1000;
  limits.kv_bytes_reserved = 200;
  const SequenceState runs{true, false, 0, 1, 700}, next{false, false, 0, 50, 200};
  EXPECT_TRUE(plan_of({runs, next}, limits).admit.empty());
  SequenceState probe = next;
  probe.reserved = true;
  EXPECT_EQ(plan_of({runs, next, probe}, limits).admit, (std::vector<std::size_t>{2}));
  probe.kv_bytes = 400;
  const SequenceState small{false, false, 0, 50, 100};
  EXPECT_EQ(plan_of({runs, probe, small}, limits).admit, (std::vector<std::size_t>{2}))
      << "one that is too long holds nobody up";
}

// Whatever the mix: the plan stays within its limits, gives every decoding row its token, feeds
// nobody who is held back, leaves the oldest its half and, when there is work, does some.
TEST(Scheduler, PlansStayWithinLimitsAndMakeProgress) {
  std::mt19937 random(20261120);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int round = 0; round < 5000; ++round) {
    StepLimits limits{pick(1, 8), pick(16, 64)};
    if (pick(0, 1) == 0) {
      limits.kv_bytes_max = static_cast<std::uint64_t>(pick(200, 2000));
      limits.kv_bytes_reserved = limits.kv_bytes_max / 8;
    }
    std::vector<SequenceState> states;
    int running = 0;
    std::uint64_t kv_bytes = 0;
    for (int i = pick(0, 12); i > 0; --i) {
      SequenceState state{running < limits.sequences_max && pick(0, 1) == 1, false,
                          pick(0, 3) == 0 ? pick(1, 300) : 0, pick(2, 200),
                          static_cast<std::uint64_t>(pick(1, 600))};
      if (pick(0, 2) == 0) state.feed_max = pick(1, 40);
      if (!state.running) state.reserved = pick(0, 9) == 0;
      if (state.running) {
        ++running;
        kv_bytes += state.kv_bytes;
        if (state.image_tokens == 0 && pick(0, 1) == 1) state.left = 1;
        state.held_back = state.left > 1 && pick(0, 3) == 0;
      }
      states.push_back(state);
    }
    const StepPlan plan = plan_of(states, limits);
    int tokens = 0, decodes = 0, decoding_states = 0;
    std::vector<int> fed(states.size());
    for (const auto& row : plan.rows) {
      EXPECT_EQ(fed[row.sequence], 0);
      EXPECT_GT(row.tokens, 0);
      EXPECT_FALSE(states[row.sequence].held_back);
      fed[row.sequence] = row.tokens;
      tokens += row.tokens;
      if (states[row.sequence].left == 1)
        ++decodes;
      else
        EXPECT_LE(row.tokens, std::min(states[row.sequence].left, states[row.sequence].feed_max));
    }
    for (const auto& encode : plan.encode) {
      EXPECT_GT(states[encode.sequence].image_tokens, 0);
      EXPECT_FALSE(states[encode.sequence].held_back);
    }
    std::vector<bool> runs(states.size());
    for (std::size_t i = 0; i < states.size(); ++i) runs[i] = states[i].running;
    for (const std::size_t i : plan.admit) {
      EXPECT_FALSE(runs[i]);
      runs[i] = true;
      const std::uint64_t room =
          limits.kv_bytes_max - (states[i].reserved ? 0 : limits.kv_bytes_reserved);
      const bool alone = kv_bytes == 0;
      kv_bytes += states[i].kv_bytes;
      EXPECT_TRUE(alone || kv_bytes <= room);
    }
    bool work = false, oldest = true;
    for (std::size_t i = 0; i < states.size(); ++i) {
      const SequenceState& state = states[i];
      if (state.running && state.left == 1 && state.image_tokens == 0) ++decoding_states;
      if (!runs[i] || state.held_back) continue;
      work = true;
      if (state.left == 1 || state.image_tokens > 0 || state.reserved) continue;
      const bool probed = std::any_of(plan.rows.begin(), plan.rows.end(), [&](const auto& row) {
        return states[row.sequence].reserved;
      });
      if (std::exchange(oldest, false) && !probed)
        EXPECT_GE(fed[i], std::min({state.left, state.feed_max, (tokens - decodes) / 2}));
    }
    EXPECT_LE(tokens, limits.tokens_max);
    EXPECT_EQ(decodes, decoding_states);
    EXPECT_LE(running + static_cast<int>(plan.admit.size()),
              limits.sequences_max + limits.reserved_max);
    EXPECT_EQ(work, !plan.rows.empty() || !plan.encode.empty());
    if (running == 0) EXPECT_EQ(plan.admit.empty(), states.empty());
  }
}

}  // namespace
}  // namespace sanctum::engine
