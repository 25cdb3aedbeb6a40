// A model that does nothing but remember, so that thousands of steps take no time and every answer
// is known; memories of each kind for it, small ones, and drawn schedules. For tests.
#pragma once

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/model_runner.h"
#include "nn/cpu/paged_cache.h"
#include "nn/stock/contiguous_cache.h"

namespace sanctum::engine {

namespace mx = mlx::core;

inline constexpr int kVocabulary = 97;
// Tokens for which MLX's operations take memory.
inline constexpr int kGrain = nn::ContiguousMemory::kGrainTokens;
inline constexpr int kRememberedStepsMax = 10000;  // of one schedule; some hundreds are usual
inline constexpr int kRememberedWindow = 100;      // tokens

// As MLX's operations and as our kernels have it; the latter two beside a layer with a window and a
// recurrent one.
enum class Memory { kCopies, kBlocks, kCopiesWithEnds, kBlocksWithEnds };
inline constexpr std::array kMemories{Memory::kCopies, Memory::kBlocks};
inline constexpr std::array kMemoriesWithEnds{Memory::kCopiesWithEnds, Memory::kBlocksWithEnds};

inline bool has_ends(Memory kind) {
  return kind == Memory::kCopiesWithEnds || kind == Memory::kBlocksWithEnds;
}
inline bool is_contiguous(Memory kind) {
  return kind == Memory::kCopies || kind == Memory::kCopiesWithEnds;
}

inline nn::KvShape remembered_shape(Memory kind) {
  if (!has_ends(kind)) return nn::alike(1, {1, 1});
  return {{nn::KeysAndValues{1, 1}, nn::KeysAndValues{1, 1, kRememberedWindow},
           nn::RecurrentState{1, 1, 1, 1, 2}},
          kernels::kFloat32};
}

// What a recurrent layer makes of a token: the one before, and a number that all of them made.
struct Recurrence {
  int last = 0, all = 0;
  void take(int token) {
    last = token;
    all = (all * 3 + token + 1) % 101;
  }
};

// What comes behind `tokens`: it depends on each of them, and on where it stands; with ends also on
// what a window and a recurrence have of them.
inline int next_token(const std::vector<int>& tokens, bool ends = false) {
  int sum = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) sum += tokens[i] * (static_cast<int>(i) % 7 + 1);
  if (!ends) return sum % kVocabulary;
  const std::size_t seen = std::min<std::size_t>(tokens.size(), kRememberedWindow);
  for (std::size_t i = tokens.size() - seen; i < tokens.size(); ++i) sum += 5 * tokens[i];
  Recurrence recurrence;
  for (const int token : tokens) recurrence.take(token);
  return (sum + recurrence.last + 2 * recurrence.all) % kVocabulary;
}

// Remembers `tokens` behind what a cache has; gives what its layers then hold.
struct Remembered {
  std::vector<int> all, window;
  Recurrence recurrence;

  Remembered(nn::ContiguousCache& cache, const std::vector<int>& tokens, bool ends) {
    const mx::array keys =
        mx::astype(mx::array(tokens.begin(), {1, static_cast<int>(tokens.size()), 1}), mx::float32);
    const auto appended = [&](int layer) {
      mx::array held =
          mx::contiguous(mx::astype(cache.layer(layer).append(keys, keys).first, mx::int32));
      mx::eval(held);
      return std::vector<int>(held.data<int>(), held.data<int>() + held.size());
    };
    all = appended(0);
    if (!ends) return;
    window = appended(1);
    nn::ContiguousCache::State& state = cache.state(2);
    recurrence = {static_cast<int>(mx::max(state.conv).item<float>()),
                  static_cast<int>(state.state.item<float>())};
    for (const int token : tokens) recurrence.take(token);
    state.conv = mx::full({1, 3}, static_cast<float>(recurrence.last));
    state.state = mx::full({1, 1, 1}, static_cast<float>(recurrence.all));
  }
  Remembered(const nn::PagedCache& cache, const std::vector<int>& tokens, bool ends) {
    const int length = cache.length() + static_cast<int>(tokens.size());
    all = written(cache, 0, tokens, 0);
    if (!ends) return;
    window = written(cache, 1, tokens, std::max(0, cache.length() - kRememberedWindow + 1));
    float* state = cache.memory().state(cache.state_block(), 2);
    recurrence = {static_cast<int>(state[0]), static_cast<int>(state[1])};
    for (const int token : tokens) recurrence.take(token);
    state[0] = static_cast<float>(recurrence.last);
    state[1] = static_cast<float>(recurrence.all);
    EXPECT_EQ(static_cast<int>(all.size()), length);
  }

  // As next_token() of all that was remembered.
  int next(bool ends) const {
    int sum = next_token(all);
    if (!ends) return sum;
    const std::size_t seen = std::min<std::size_t>(window.size(), kRememberedWindow);
    for (std::size_t i = window.size() - seen; i < window.size(); ++i) sum += 5 * window[i];
    return (sum + recurrence.last + 2 * recurrence.all) % kVocabulary;
  }

 private:
  static std::vector<int> written(const nn::PagedCache& cache, int layer,
                                  const std::vector<int>& tokens, int from) {
    const auto key = [&](int at) {
      const int block =
          cache.blocks(layer)[static_cast<std::size_t>(at / nn::PagedMemory::kBlockTokens)];
      return reinterpret_cast<int*>(cache.memory().keys(block, layer, 0)) +
             at % nn::PagedMemory::kBlockTokens;
    };
    int at = cache.length();
    for (const int token : tokens) *key(at++) = token;
    std::vector<int> held;
    held.reserve(static_cast<std::size_t>(at - from));
    for (int i = from; i < at; ++i) held.push_back(*key(i));
    return held;
  }
};

inline constexpr int kBeyond = 1000;  // added to the keys of a long sequence

// What it says depends on what its caches hold.
class RememberingModel final : public models::Model {
 public:
  // A longer sequence's keys are others.
  explicit RememberingModel(bool ends = false, int short_context = std::numeric_limits<int>::max())
      : Model({}), ends_(ends) {
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
      const Remembered remembered =
          copies != nullptr ? Remembered(*copies, fed, ends_)
                            : Remembered(dynamic_cast<nn::PagedCache&>(*slice.cache), fed, ends_);
      if (wanted == step.logits_rows.end() || *wanted >= slice.first + slice.count) continue;
      const auto row = (wanted++ - step.logits_rows.begin()) * kVocabulary;
      logits[static_cast<std::size_t>(row + remembered.next(ends_))] = 1;
    }
    return mx::array(logits.begin(), {static_cast<int>(step.logits_rows.size()), kVocabulary});
  }

 private:
  bool ends_;
};

// A prompt that begins like every other with the same `seed` and `shared` tokens or more.
inline std::vector<int> prompt(int seed, int shared, int tokens, int own) {
  std::vector<int> out;
  out.reserve(static_cast<std::size_t>(tokens));
  for (int i = 0; i < tokens; ++i)
    out.push_back((i < shared ? 3 * i + seed : 5 * i + own) % kVocabulary);
  return out;
}

inline std::unique_ptr<Sequence> sequence(const std::string& name, const std::vector<int>& tokens,
                                          int answer) {
  auto out = std::make_unique<Sequence>();
  out->request = name;
  out->prompt.tokens = tokens;
  out->prompt.positions.resize(tokens.size());
  out->sampling.temperature = 0;
  out->tokens_max = answer;
  return out;
}

inline std::vector<int> expected(std::vector<int> tokens, int answer, bool ends = false) {
  const std::size_t first = tokens.size();
  for (int i = 0; i < answer; ++i) tokens.push_back(next_token(tokens, ends));
  return {tokens.begin() + static_cast<std::ptrdiff_t>(first), tokens.end()};
}

inline std::vector<int> expected_beyond(std::vector<int> tokens, int answer, int short_context) {
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

// With room for one sequence of `tokens` alone, in steps of at most `step`.
inline std::unique_ptr<nn::KvMemory> memory_for(Memory kind, int tokens,
                                                int step = nn::kStepTokensUsual) {
  const auto made = [kind, step](std::uint64_t bytes) -> std::unique_ptr<nn::KvMemory> {
    const nn::KvShape shape = remembered_shape(kind);
    if (is_contiguous(kind))
      return std::make_unique<nn::ContiguousMemory>(shape, mx::float32, bytes, step);
    return std::make_unique<nn::PagedMemory>(shape, kernels::kv_type_of(shape.type), bytes, step);
  };
  return made(made(1u << 30)->bytes_for(tokens));
}

// With memory for `tokens`, of which all may keep prefixes.
inline ModelRunner runner(Memory kind, int tokens, StepLimits limits,
                          std::uint64_t prefix_bytes = 1u << 30) {
  return {std::make_shared<RememberingModel>(has_ends(kind)), nn::stock_backend(mx::float32),
          memory_for(kind, tokens, limits.tokens_max), limits, prefix_bytes};
}

struct Heard {
  std::map<std::string, std::vector<int>> said;
  std::map<std::string, SequenceEnd> ended;
  int steps = 0;

  void step(ModelRunner& runner) {
    ASSERT_LT(++steps, kRememberedStepsMax) << "it does not end";
    StepOutput output = runner.step();
    for (const TokenOutput& token : output.tokens)
      said[token.request].push_back(token.sampled.token);
    for (SequenceEnd& end : output.ended) ended[end.request] = std::move(end);
  }
  void finish(ModelRunner& runner) {
    while (!runner.idle() && !::testing::Test::HasFatalFailure()) step(runner);
  }
};

// Small memories, shared beginnings, cancels: every answer is the one that it has alone, and all
// of the memory comes back.
inline void remembering_schedules(Memory kind, unsigned count) {
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
      std::vector<int> right = expected(what.first, what.second, has_ends(kind));
      if (std::find(cancelled.begin(), cancelled.end(), name) != cancelled.end())
        right.resize(heard.said[name].size());
      ASSERT_EQ(heard.said[name], right) << "schedule " << seed << ", request " << name;
    }
  }
}

}  // namespace sanctum::engine
