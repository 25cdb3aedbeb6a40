// Who gets the memory for keys and values, of both kinds: with a model that does nothing but
// remember, so that thousands of steps take no time and every answer is known.
#include "engine/model_runner.h"

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>

#include "base/proving.h"
#include "nn/cpu/paged_cache.h"
#include "nn/stock/contiguous_cache.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

constexpr int kVocabulary = 97;
constexpr int kGrain =
    nn::ContiguousMemory::kGrainTokens;  // tokens for which MLX's operations take memory
constexpr int kStepsMax = 10000;         // of one schedule; some hundreds are usual
constexpr nn::KvShape kShape{1, 1, 1};

enum class Memory { kCopies, kBlocks };  // as MLX's operations and as our kernels have it
constexpr std::array kMemories{Memory::kCopies, Memory::kBlocks};

// What comes behind `tokens`: it depends on each of them, and on where it stands.
int next_token(const std::vector<int>& tokens) {
  int sum = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) sum += tokens[i] * (static_cast<int>(i) % 7 + 1);
  return sum % kVocabulary;
}

// Appends the tokens as keys; gives all that the cache holds.
std::vector<int> remembered(nn::ContiguousCache& cache, const std::vector<int>& tokens) {
  const mx::array keys =
      mx::astype(mx::array(tokens.begin(), {1, static_cast<int>(tokens.size()), 1}), mx::float32);
  mx::array all = mx::contiguous(mx::astype(cache.layer(0).append(keys, keys).first, mx::int32));
  mx::eval(all);
  return {all.data<int>(), all.data<int>() + all.size()};
}
std::vector<int> remembered(const nn::PagedCache& cache, const std::vector<int>& tokens) {
  const auto key = [&](int at) {
    const int block = cache.blocks()[static_cast<std::size_t>(at / nn::PagedMemory::kBlockTokens)];
    return reinterpret_cast<int*>(cache.memory().keys(block, 0, 0)) +
           at % nn::PagedMemory::kBlockTokens;
  };
  int at = cache.length();
  for (const int token : tokens) *key(at++) = token;
  std::vector<int> all;
  all.reserve(static_cast<std::size_t>(at));
  for (int i = 0; i < at; ++i) all.push_back(*key(i));
  return all;
}

constexpr int kBeyond = 1000;  // added to the keys of a long sequence

// What it says depends on what its caches hold.
class RememberingModel final : public models::Model {
 public:
  // A longer sequence's keys are others.
  explicit RememberingModel(int short_context = std::numeric_limits<int>::max()) : Model({}) {
    traits_.short_context = short_context;
  }

  mx::array forward(const models::Step& step) const override {
    std::vector<float> logits(step.logits_rows.size() * kVocabulary);
    mx::array tokens = step.tokens;
    mx::eval(tokens);
    auto wanted = step.logits_rows.begin();
    for (const nn::Slice& slice : step.slices) {
      const int* const first = tokens.data<int>() + slice.first;
      std::vector<int> fed(first, first + slice.count);
      if (slice.length > traits_.short_context)
        for (int& token : fed) token += kBeyond;
      auto* copies = dynamic_cast<nn::ContiguousCache*>(slice.cache);
      const std::vector<int> all =
          copies != nullptr ? remembered(*copies, fed)
                            : remembered(dynamic_cast<nn::PagedCache&>(*slice.cache), fed);
      if (wanted == step.logits_rows.end() || *wanted >= slice.first + slice.count) continue;
      const auto row = (wanted++ - step.logits_rows.begin()) * kVocabulary;
      logits[static_cast<std::size_t>(row + next_token(all))] = 1;
    }
    return mx::array(logits.begin(), {static_cast<int>(step.logits_rows.size()), kVocabulary});
  }
};

// A prompt that begins like every other with the same `seed` and `shared` tokens or more.
std::vector<int> prompt(int seed, int shared, int tokens, int own) {
  std::vector<int> out;
  out.reserve(static_cast<std::size_t>(tokens));
  for (int i = 0; i < tokens; ++i)
    out.push_back((i < shared ? 3 * i + seed : 5 * i + own) % kVocabulary);
  return out;
}

std::unique_ptr<Sequence> sequence(const std::string& name, const std::vector<int>& tokens,
                                   int answer) {
  auto out = std::make_unique<Sequence>();
  out->request = name;
  out->prompt.tokens = tokens;
  out->prompt.positions.resize(tokens.size());
  out->sampling.temperature = 0;
  out->tokens_max = answer;
  return out;
}

std::vector<int> expected(std::vector<int> tokens, int answer) {
  const std::size_t first = tokens.size();
  for (int i = 0; i < answer; ++i) tokens.push_back(next_token(tokens));
  return {tokens.begin() + static_cast<std::ptrdiff_t>(first), tokens.end()};
}

std::vector<int> expected_beyond(std::vector<int> tokens, int answer, int short_context) {
  std::vector<int> said;
  for (int i = 0; i < answer; ++i) {
    std::vector<int> keys = tokens;
    if (static_cast<int>(keys.size()) > short_context)
      for (int& key : keys) key += kBeyond;
    said.push_back(next_token(keys));
    tokens.push_back(said.back());
  }
  return said;
}

std::unique_ptr<nn::KvMemory> memory_for(Memory kind, int tokens) {
  const auto count = static_cast<std::uint64_t>(tokens);
  if (kind == Memory::kCopies) {
    return std::make_unique<nn::ContiguousMemory>(kShape, mx::float32, count * 2 * sizeof(float));
  }
  const auto head = static_cast<std::uint64_t>(nn::padded_head_size(kShape.head_size));
  return std::make_unique<nn::PagedMemory>(kShape, kernels::kv_type_of(kShape.type),
                                           count * 2 * head * sizeof(float));
}

// With memory for `tokens`, of which all may keep prefixes.
ModelRunner runner(Memory kind, int tokens, StepLimits limits,
                   std::uint64_t prefix_bytes = 1u << 30) {
  return {std::make_shared<RememberingModel>(), nn::stock_backend(mx::float32),
          memory_for(kind, tokens), limits, prefix_bytes};
}

struct Heard {
  std::map<std::string, std::vector<int>> said;
  std::map<std::string, SequenceEnd> ended;
  int steps = 0;

  void step(ModelRunner& runner) {
    ASSERT_LT(++steps, kStepsMax) << "it does not end";
    StepOutput output = runner.step();
    for (const TokenOutput& token : output.tokens)
      said[token.request].push_back(token.sampled.token);
    for (SequenceEnd& end : output.ended) ended[end.request] = std::move(end);
  }
  void finish(ModelRunner& runner) {
    while (!runner.idle() && !::testing::Test::HasFatalFailure()) step(runner);
  }
};

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
    ModelRunner one{std::make_shared<RememberingModel>(kShort),
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

// Small memories, shared beginnings, cancels: every answer is the one that it has alone, and all
// of the memory comes back.
void schedules(Memory kind, unsigned count) {
  for (unsigned seed = 1; seed <= count; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    const int memory = kGrain * pick(1, 8);
    ModelRunner one =
        runner(kind, memory, {pick(1, 8), pick(16, 200)}, pick(0, 3) == 0 ? 0 : 1u << 30);
    wire::Switches switches;
    switches.admission = pick(0, 3) > 0;
    one.set_switches(switches);
    Heard heard;
    std::map<std::string, std::pair<std::vector<int>, int>> asked;
    std::vector<std::string> cancelled;
    const int total = pick(1, 25);
    while (static_cast<int>(asked.size()) < total || !one.idle()) {
      while (static_cast<int>(asked.size()) < total && (one.idle() || pick(0, 2) == 0)) {
        const int tokens = pick(1, pick(0, 1) == 0 ? memory - 1 : std::min(memory - 1, 200));
        const int answer = pick(1, std::min(memory - tokens, pick(0, 3) == 0 ? 400 : 30));
        const std::string name = std::to_string(asked.size());
        auto made = sequence(name, prompt(pick(0, 1), pick(0, tokens), tokens, pick(0, 5)), answer);
        made->reserved = pick(0, 9) == 0;
        asked[name] = {made->prompt.tokens, answer};
        one.submit(std::move(made));
      }
      if (pick(0, 20) == 0 && static_cast<int>(asked.size()) < total) {
        const std::string who = std::to_string(pick(0, static_cast<int>(asked.size()) - 1));
        if (one.cancel(who)) cancelled.push_back(who);
      }
      heard.step(one);
      ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "schedule " << seed;
    }
    EXPECT_EQ(one.kv_bytes(), 0u);
    ASSERT_EQ(heard.ended.size(), asked.size());
    for (const auto& [name, what] : asked) {
      std::vector<int> right = expected(what.first, what.second);
      if (std::find(cancelled.begin(), cancelled.end(), name) != cancelled.end())
        right.resize(heard.said[name].size());
      ASSERT_EQ(heard.said[name], right) << "schedule " << seed << ", request " << name;
    }
  }
}

TEST(ModelRunner, WhateverTheScheduleAllComeToTheirEndWithCopies) {
  schedules(Memory::kCopies, proving() ? 300 : 40);
}

TEST(ModelRunner, WhateverTheScheduleAllComeToTheirEndWithBlocks) {
  schedules(Memory::kBlocks, proving() ? 300 : 40);
}

// Memory that never has any room.
class NoMemory final : public nn::KvMemory {
 public:
  int block_tokens() const override { return 64; }
  int grain_tokens() const override { return 64; }
  bool shares_copies() const override { return false; }
  std::int64_t tokens_max() const override { return 1024; }
  std::uint64_t bytes_touched() const override { return 0; }
  std::unique_ptr<nn::SequenceCache> sequence() override {
    class Cache final : public nn::SequenceCache {
     public:
      bool reserve(int) override { return false; }
      std::uint64_t bytes() const override { return 0; }
      std::shared_ptr<nn::KvBlock> share(int) override { return nullptr; }
      bool adopt(const std::shared_ptr<nn::KvBlock>&) override { return false; }
    };
    return std::make_unique<Cache>();
  }
};

TEST(ModelRunnerDeathTest, StepsInWhichNothingHappensEndTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ModelRunner one(std::make_shared<RememberingModel>(), nn::stock_backend(mx::float32),
                  std::make_unique<NoMemory>(), {8, 64}, 1u << 30);
  one.submit(sequence("a", prompt(1, 0, 30, 2), 5));
  one.step();
  one.step();
  EXPECT_DEATH(one.step(), "a step feeds or encodes something");
}

}  // namespace
}  // namespace sanctum::engine
