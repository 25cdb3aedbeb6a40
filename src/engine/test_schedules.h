// KnownRequests to a real model, each with its answer alone, and drawn schedules of them. For
// tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/proving.h"
#include "engine/model_runner.h"
#include "models/registry.h"

namespace sanctum::engine {

inline constexpr int kTokensMax = 24;   // of one answer
inline constexpr int kStepsMax = 5000;  // of one schedule; a few hundred are usual
inline constexpr int kPlenty = 1000;    // blocks of 64 tokens

// Sanitizers look for other faults than wrong answers, and take ten times as long.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

struct KnownAnswer {
  std::vector<int> tokens;
  std::vector<std::vector<std::pair<int, double>>> top;
  bool operator==(const KnownAnswer&) const = default;
};

class KnownRequests {
 public:
  // `number_bytes`: of one number of a key or value in the backend's memory, where it does not keep
  // them as the weights are stored.
  KnownRequests(const models::Description& description, nn::BackendPointer backend,
                std::vector<models::Prompt> prompts, std::size_t number_bytes = 0)
      : backend_(std::move(backend)),
        model_(models::load_model(description, backend_, [](std::uint64_t, std::uint64_t) {})),
        prompts_(std::move(prompts)),
        number_bytes_(number_bytes > 0 ? number_bytes
                                       : kernels::bytes_of(model_->traits().kv.type)) {
    for (std::size_t i = 0; i < prompts_.size(); ++i) {
      ModelRunner alone = runner({1, 4096}, kPlenty, 0);
      alone.submit(sequence(i, 0));
      std::map<std::string, KnownAnswer> answers;
      while (!alone.idle()) collect(alone.step(), answers);
      solo_.push_back(answers.at(std::to_string(i)));
    }
  }

  std::size_t count() const { return prompts_.size(); }
  const KnownAnswer& solo(std::size_t at) const { return solo_[at]; }
  int longest_prompt() const {
    int tokens = 0;
    for (const models::Prompt& prompt : prompts_)
      tokens = std::max(tokens, static_cast<int>(prompt.tokens.size()));
    return tokens;
  }

  ModelRunner runner(StepLimits limits, int blocks, std::uint64_t prefix_bytes) const {
    const auto& kv = model_->traits().kv;
    const auto plenty = backend_->kv_memory(kv, std::uint64_t{1} << 32, limits.tokens_max);
    std::uint64_t bytes = plenty->bytes_for(std::int64_t{64} * blocks);
    if (!plenty->keeps_ends()) {  // also what is no multiple of what a sequence takes
      std::uint64_t numbers = 0;
      for (const nn::LayerMemory& layer : kv.layers)
        numbers += 64 * std::get<nn::KeysAndValues>(layer).numbers();
      bytes = numbers * number_bytes_ * static_cast<std::uint64_t>(blocks);
    }
    return {model_, backend_, backend_->kv_memory(kv, bytes, limits.tokens_max), limits,
            prefix_bytes};
  }

  // Request `at`, of whose answer the first `said` tokens are known already. Even ones are greedy.
  std::unique_ptr<Sequence> sequence(std::size_t at, std::size_t said) const {
    auto out = std::make_unique<Sequence>();
    out->request = std::to_string(at);
    out->prompt = prompts_[at];
    out->sampling.temperature = at % 2 == 0 ? 0 : 1.2;
    out->sampling.top_logprobs = 3;
    if (at % 3 == 0) out->sampling.frequency_penalty = 0.7;
    out->seed = 1000 + at;
    out->tokens_max = kTokensMax;
    for (std::size_t i = 0; i < said; ++i) {
      out->output.push_back(solo_[at].tokens[i]);
      out->counts.add_output(solo_[at].tokens[i]);
    }
    return out;
  }

  static void collect(const StepOutput& output, std::map<std::string, KnownAnswer>& answers) {
    for (const TokenOutput& token : output.tokens) {
      KnownAnswer& answer = answers[token.request];
      answer.tokens.push_back(token.sampled.token);
      answer.top.push_back(token.sampled.top);
    }
  }

 private:
  nn::BackendPointer backend_;
  std::shared_ptr<const models::Model> model_;
  std::vector<models::Prompt> prompts_;
  std::size_t number_bytes_;
  std::vector<KnownAnswer> solo_;
};

// What was asked for of one schedule, and what came.
struct Asked {
  std::size_t kind = 0;   // which request
  std::size_t known = 0;  // tokens of its answer that were known before
  bool cancelled = false;
  KnownAnswer answer;
};

// Draws a schedule, of at most `requests_max` requests with memory for one of `blocks`, and runs it
// to its end.
inline std::vector<Asked> draw_schedule(const KnownRequests& requests, std::mt19937& random,
                                        int requests_max, const std::vector<int>& blocks) {
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  const StepLimits limits{pick(1, 32), pick(0, 2) == 0 ? 400 : pick(33, 100)};
  const int room = blocks[static_cast<std::size_t>(pick(0, static_cast<int>(blocks.size()) - 1))];
  ModelRunner runner = requests.runner(limits, room, pick(0, 2) == 0 ? 0 : 1u << 30);
  std::map<std::string, KnownAnswer> answers;
  std::vector<Asked> asked;
  const auto total = static_cast<std::size_t>(pick(1, requests_max));
  for (int steps = 0; asked.size() < total || !runner.idle(); ++steps) {
    if (steps == kStepsMax) {
      ADD_FAILURE() << "the schedule does not end";
      return {};
    }
    while (asked.size() < total && (runner.idle() || pick(0, 2) == 0)) {
      Asked one;
      one.kind = static_cast<std::size_t>(pick(0, static_cast<int>(requests.count()) - 1));
      const int said = static_cast<int>(requests.solo(one.kind).tokens.size());
      if (pick(0, 4) == 0) one.known = static_cast<std::size_t>(pick(0, said - 1));
      auto sequence = requests.sequence(one.kind, one.known);
      sequence->request = std::to_string(asked.size());
      runner.submit(std::move(sequence));
      asked.push_back(std::move(one));
    }
    if (pick(0, 20) == 0 && asked.size() < total) {
      const auto who = static_cast<std::size_t>(pick(0, static_cast<int>(asked.size()) - 1));
      if (runner.cancel(std::to_string(who))) asked[who].cancelled = true;
    }
    KnownRequests::collect(runner.step(), answers);
  }
  EXPECT_EQ(runner.kv_bytes(), 0u);
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i].answer = answers[std::to_string(i)];
  return asked;
}

// What its own answer alone was, of as many tokens as came if it was cancelled.
inline KnownAnswer expected(const KnownRequests& requests, const Asked& asked) {
  const KnownAnswer& solo = requests.solo(asked.kind);
  const auto first = static_cast<std::ptrdiff_t>(asked.known);
  const auto last = asked.cancelled
                        ? first + static_cast<std::ptrdiff_t>(asked.answer.tokens.size())
                        : static_cast<std::ptrdiff_t>(solo.tokens.size());
  return {{solo.tokens.begin() + first, solo.tokens.begin() + last},
          {solo.top.begin() + first, solo.top.begin() + last}};
}

}  // namespace sanctum::engine
