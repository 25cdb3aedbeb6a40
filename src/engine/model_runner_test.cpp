// Who gets the memory for keys and values.
#include "engine/model_runner.h"

#include <gtest/gtest.h>

#include "base/proving.h"
#include "engine/remembering_model.h"

namespace sanctum::engine {
namespace {

// Once the copies of its own prefix took the room that it needed: it gave way to nobody, was
// admitted again, and so on for ever.
TEST(ModelRunner, APromptOverHalfOfTheMemoryComesToItsEnd) {
  for (const int chunk : {64, 100, 512}) {
    ModelRunner one = runner(Memory::kCopies, 4 * kGrain, {8, chunk});
    Heard heard;
    const auto tokens = prompt(1, 0, 700, 2);
    one.submit(sequence("long", tokens, 20));
    for (int i = 0; i < 3; ++i) heard.step(one);
    one.submit(sequence("short", prompt(2, 0, 30, 5), 20));
    heard.finish(one);
    EXPECT_EQ(heard.said["long"], expected(tokens, 20));
    EXPECT_EQ(heard.said["short"], expected(prompt(2, 0, 30, 5), 20));
    EXPECT_LT(heard.steps, 2 * 700 / chunk + 80);
    EXPECT_EQ(one.kv_bytes(), 0u);
  }
}

TEST(ModelRunner, APromptThatFillsTheMemoryComesToItsEndBesideWhatIsCached) {
  ModelRunner one = runner(Memory::kCopies, 4 * kGrain, {8, 100});
  Heard heard;
  for (int i = 0; i < 3; ++i) one.submit(sequence(std::to_string(i), prompt(i, 0, 200, i), 5));
  heard.finish(one);
  EXPECT_GT(one.prefix_bytes(), 0u);
  const auto tokens = prompt(1, 0, 4 * kGrain - 5, 2);
  one.submit(sequence("long", tokens, 5));
  heard.finish(one);
  EXPECT_EQ(heard.said["long"], expected(tokens, 5));
}

// LongRoPE's: one that grows beyond it is fed again, and shares nothing with shorter ones.
TEST(ModelRunner, ASequenceThatOutgrowsTheShortContextHasAllItsKeysAnew) {
  constexpr int kShort = 150;
  for (const Memory kind : kMemories) {
    ModelRunner one{std::make_shared<RememberingModel>(false, kShort),
                    nn::stock_backend(mx::float32),
                    memory_for(kind, 8 * kGrain),
                    {8, 100},
                    1u << 30};
    Heard heard;
    const std::pair<const char*, int> lengths[] = {{"stays", 100}, {"grows", 140}, {"long", 170}};
    for (const auto& [name, tokens] : lengths)
      one.submit(sequence(name, prompt(1, 170, tokens, 2), 30));
    heard.finish(one);
    for (const auto& [name, tokens] : lengths)
      EXPECT_EQ(heard.said[name], expected_beyond(prompt(1, 170, tokens, 2), 30, kShort)) << name;
  }
}

// A full cache of prefixes does not keep a prefix from being used again.
TEST(ModelRunner, ACopyIsTakenOverThoughTheMemoryIsFullOfOthers) {
  ModelRunner one = runner(Memory::kCopies, 4 * kGrain, {1, 512});
  Heard heard;
  for (int i = 0; i < 20; ++i) {
    one.submit(sequence("other", prompt(i, 0, 200, i), 1));
    heard.finish(one);
  }
  for (const char* name : {"first", "second"}) {
    one.submit(sequence(name, prompt(50, 0, 200, 50), 1));
    heard.finish(one);
  }
  EXPECT_EQ(heard.ended["first"].usage.cached_tokens, 0);
  EXPECT_EQ(heard.ended["second"].usage.cached_tokens, 3 * 64);
}

// What is admitted is what will be taken: two that need 256 tokens each do not run where there is
// room for one of them.
TEST(ModelRunner, AdmissionReckonsWithWhatASequenceTakes) {
  ModelRunner one = runner(Memory::kCopies, 2 * kGrain, {8, 512}, 0);
  Heard heard;
  for (const char* name : {"a", "b", "c"}) one.submit(sequence(name, prompt(1, 0, 100, 7), 20));
  heard.step(one);
  EXPECT_EQ(one.running(), 1) << "one more would take what is kept for a probe";
  heard.finish(one);
  EXPECT_EQ(heard.ended.size(), 3u);
}

TEST(ModelRunner, CachedTokensAreThoseThatWereFoundAtFirst) {
  // Both are admitted; each says more than is likely, and the younger has to give way.
  ModelRunner one = runner(Memory::kBlocks, 4 * kGrain, {8, 512});
  Heard heard;
  one.submit(sequence("older", prompt(1, 0, 150, 1), 500));
  one.submit(sequence("younger", prompt(2, 0, 150, 2), 500));
  bool gave_way = false;
  while (!one.idle() && !HasFatalFailure()) {
    const int running = one.running();
    heard.step(one);
    gave_way |= one.running() < running && heard.ended.empty();
  }
  ASSERT_TRUE(gave_way);
  EXPECT_EQ(heard.said["younger"], expected(prompt(2, 0, 150, 2), 500));
  EXPECT_EQ(heard.ended["older"].usage.cached_tokens, 0);
  EXPECT_EQ(heard.ended["younger"].usage.cached_tokens, 0) << "its own blocks are no find";
  one.submit(sequence("again", prompt(2, 0, 150, 2), 1));
  heard.finish(one);
  EXPECT_EQ(heard.ended["again"].usage.cached_tokens, 128);
}

TEST(ModelRunner, APromptOfALittleMoreThanABlockIsFoundAgain) {
  for (const Memory kind : kMemories) {
    for (const int tokens : {64, 65, 70, 127, 128, 129}) {
      ModelRunner one = runner(kind, 4 * kGrain, {8, 512});
      Heard heard;
      for (const char* name : {"first", "second"}) {
        one.submit(sequence(name, prompt(1, 0, tokens, 2), 3));
        heard.finish(one);
      }
      EXPECT_EQ(heard.ended["first"].usage.cached_tokens, 0) << tokens;
      EXPECT_EQ(heard.ended["second"].usage.cached_tokens, (tokens - 1) / 64 * 64) << tokens;
    }
  }
}

// What would begin a thought once nothing is left for one may not come, whatever the logits say.
TEST(ModelRunner, WhatAThoughtRefusesDoesNotCome) {
  const auto tokens = prompt(1, 0, 40, 2);
  const int wanted = expected(tokens, 1).front(), other = (wanted + 1) % kVocabulary;
  for (const bool spent : {false, true}) {
    ModelRunner one = runner(Memory::kBlocks, 4 * kGrain, {8, 512});
    auto thinks = sequence("thinks", tokens, 1);
    Thought::Marks marks{{wanted}, {other}, {other}, true};
    marks.telling = 0;
    thinks->thought.emplace(std::move(marks), false, spent ? 0 : 10,
                            [](int) { return std::string("a"); });
    one.submit(std::move(thinks));
    Heard heard;
    heard.finish(one);
    EXPECT_EQ(heard.said["thinks"].front() == wanted, !spent);
  }
}

TEST(ModelRunner, WhateverTheScheduleAllComeToTheirEndWithCopies) {
  remembering_schedules(Memory::kCopies, proving() ? 300 : 40);
}

TEST(ModelRunner, WhateverTheScheduleAllComeToTheirEndWithBlocks) {
  remembering_schedules(Memory::kBlocks, proving() ? 300 : 40);
}

// Memory that never has any room.
class NoMemory final : public nn::KvMemory {
 public:
  NoMemory() : KvMemory(nn::kStepTokensUsual) {}
  int block_tokens() const override { return 64; }
  bool keeps_ends() const override { return false; }
  int spacing_tokens() const override { return 64; }
  bool shares_copies() const override { return false; }
  std::uint64_t bytes_for(std::int64_t tokens) const override {
    return static_cast<std::uint64_t>(tokens);
  }
  nn::KvOutline outline() const override { return {}; }
  std::uint64_t bytes_max() const override { return 1024; }
  std::uint64_t bytes_touched() const override { return 0; }
  std::unique_ptr<nn::SequenceCache> sequence() override {
    class Cache final : public nn::SequenceCache {
     public:
      bool reserve(int) override { return false; }
      std::uint64_t bytes() const override { return 0; }
      std::shared_ptr<nn::KvRun> share(int, int) override { return nullptr; }
      bool adopt(const std::shared_ptr<nn::KvRun>&) override { return false; }
    };
    return std::make_unique<Cache>();
  }
};

TEST(ModelRunnerDeathTest, OneAloneThatFindsNoRoomEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ModelRunner one(std::make_shared<RememberingModel>(), nn::stock_backend(mx::float32),
                  std::make_unique<NoMemory>(), {8, 64}, 1u << 30);
  one.submit(sequence("a", prompt(1, 0, 30, 2), 5));
  EXPECT_DEATH(one.step(), "what one sequence needs was found to fit");
}

}  // namespace
}  // namespace sanctum::engine
