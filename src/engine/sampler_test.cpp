#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include "base/error.h"
#include "engine/philox.h"

namespace sanctum::engine {
namespace {

SamplerParams greedy() {
  SamplerParams s;
  s.temperature = 0;
  return s;
}

int pick(std::vector<float> logits, const SamplerParams& s, std::uint64_t seed = 1,
         std::uint64_t position = 0, const TokenCounts& counts = {}) {
  return sample_token(logits, counts, s, seed, position).token;
}

// Known answers of Random123's philox4x32-10.
TEST(Philox, MatchesThePublishedVectors) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Sampler, GreedyTakesTheLargestAndTheSmallestIdOfATie) {
  EXPECT_EQ(pick({0, 3, 3, 1}, greedy()), 1);
}

TEST(Sampler, NaNAndInfinityAreNeverChosen) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(pick({nan, inf, 1, -inf}, greedy()), 2);
  EXPECT_THROW(pick({nan, nan}, greedy()), Error);
}

TEST(Sampler, FrequenciesFollowTheSoftmax) {
  SamplerParams s;
  std::array<int, 3> hits{};
  const int draws = 40000;
  for (int i = 0; i < draws; ++i) {
    ++hits[static_cast<std::size_t>(pick({0.0f, 1.0f, 2.0f}, s, 7, static_cast<std::uint64_t>(i)))];
  }
  const double z = 1 + std::exp(1) + std::exp(2);
  EXPECT_NEAR(hits[0] / double(draws), 1 / z, 0.01);
  EXPECT_NEAR(hits[1] / double(draws), std::exp(1) / z, 0.01);
  EXPECT_NEAR(hits[2] / double(draws), std::exp(2) / z, 0.01);
}

TEST(Sampler, TopKTopPAndMinPCutTheTail) {
  SamplerParams k;
  k.top_k = 1;
  SamplerParams p;
  p.top_p = 0.5;  // the largest alone has 0.67
  SamplerParams m;
  m.min_p = 0.5;
  for (std::uint64_t i = 0; i < 200; ++i) {
    EXPECT_EQ(pick({0, 1, 2}, k, 3, i), 2);
    EXPECT_EQ(pick({0, 1, 2}, p, 3, i), 2);
    EXPECT_EQ(pick({0, 1, 2}, m, 3, i), 2);
  }
}

// top_p takes its share of all tokens, not of those that min_p leaves.
TEST(Sampler, MinPCutsAfterTopP) {
  SamplerParams s;
  s.top_p = 0.6;
  s.min_p = 0.25;
  std::array<int, 4> hits{};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::vector<float> logits{std::log(0.5f), std::log(0.3f), std::log(0.1f), std::log(0.1f)};
    ++hits[static_cast<std::size_t>(pick(logits, s, 5, i))];
  }
  EXPECT_NEAR(hits[0] / 2000.0, 0.5 / 0.8, 0.05);
  EXPECT_NEAR(hits[1] / 2000.0, 0.3 / 0.8, 0.05);
  EXPECT_EQ(hits[2] + hits[3], 0);
  s.min_p = 0.7;  // of the largest: cuts what top_p kept
  for (std::uint64_t i = 0; i < 200; ++i) {
    EXPECT_EQ(pick({std::log(0.5f), std::log(0.3f), std::log(0.1f), std::log(0.1f)}, s, 5, i), 0);
  }
}

TEST(Sampler, TheSameSeedAndPositionGiveTheSameToken) {
  SamplerParams s;
  std::vector<float> logits(100);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 7) * 0.3f;
  std::vector<int> first, again, other;
  for (std::uint64_t i = 0; i < 50; ++i) {
    first.push_back(pick(logits, s, 42, i));
    again.push_back(pick(logits, s, 42, i));
    other.push_back(pick(logits, s, 43, i));
  }
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
}

TEST(Sampler, PenaltiesAndBiasMoveTheChoice) {
  TokenCounts counts;
  counts.add_prompt(std::vector<int>{0});
  counts.add_output(1);
  counts.add_output(1);
  SamplerParams repetition = greedy();
  repetition.repetition_penalty = 2;
  EXPECT_EQ(pick({4, 4, 3}, repetition, 1, 0, counts), 2);
  SamplerParams presence = greedy();
  presence.presence_penalty = 1.5;  // only over the output
  EXPECT_EQ(pick({3, 4, 1}, presence, 1, 0, counts), 0);
  SamplerParams frequency = greedy();
  frequency.frequency_penalty = 0.6;  // twice said: 1.2
  EXPECT_EQ(pick({3, 4, 1}, frequency, 1, 0, counts), 0);
  SamplerParams bias = greedy();
  bias.logit_bias[2] = 10;
  EXPECT_EQ(pick({3, 4, 1}, bias), 2);
}

TEST(Sampler, LogprobsAreOfTheSoftmaxBestFirst) {
  SamplerParams s = greedy();
  s.top_logprobs = 2;
  std::vector<float> logits{0, 1, 2};
  const Sampled out = sample_token(logits, {}, s, 1, 0);
  const double z = std::log(1 + std::exp(1) + std::exp(2));
  EXPECT_NEAR(out.logprob, 2 - z, 1e-9);
  ASSERT_EQ(out.top.size(), 2u);
  EXPECT_EQ(out.top[0].first, 2);
  EXPECT_EQ(out.top[1].first, 1);
  EXPECT_NEAR(out.top[1].second, 1 - z, 1e-9);
}

TEST(Sampler, TopLogprobsTieToTheSmallerIdAndEndWithTheVocabulary) {
  const auto top = [](int count) {
    SamplerParams s = greedy();
    s.top_logprobs = count;
    std::vector<float> logits{1, 5, 3, 5, 3, 0, 5};
    std::vector<int> ids;
    for (const auto& [id, logprob] : sample_token(logits, {}, s, 1, 0).top) ids.push_back(id);
    return ids;
  };
  EXPECT_EQ(top(0), std::vector<int>{});
  EXPECT_EQ(top(4), (std::vector<int>{1, 3, 6, 2}));
  EXPECT_EQ(top(20), (std::vector<int>{1, 3, 6, 2, 4, 0, 5}));
}

// Row `number`, as a model might give it: a few likely tokens, and a vocabulary of others.
std::vector<float> vocabulary(unsigned number) {
  std::mt19937 rng(number);
  std::vector<float> out(151'936);
  for (float& logit : out) {
    const auto drawn = static_cast<float>(rng() % 4096) / 256;
    logit = rng() % 1024 == 0 ? 8 + drawn : drawn - 8;
  }
  return out;
}

TEST(Sampler, LogprobsHoldOverAWholeVocabulary) {
  const std::vector<float> logits = vocabulary(1);
  long double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<long double>(logit));
  const double log_sum = std::log(sum);
  for (const double temperature : {0.0, 0.7, 1.0}) {
    SamplerParams s;
    s.temperature = temperature;
    s.top_logprobs = 20;
    std::vector<float> row = logits;
    const Sampled out = sample_token(row, {}, s, 1, 0);
    EXPECT_NEAR(out.logprob, logits[static_cast<std::size_t>(out.token)] - log_sum, 1e-10);
    ASSERT_EQ(out.top.size(), 20u);
    for (const auto& [id, logprob] : out.top)
      EXPECT_NEAR(logprob, logits[static_cast<std::size_t>(id)] - log_sum, 1e-10);
  }
}

TEST(Sampler, ARowIsTheSameOnHoweverManyThreads) {
  constexpr unsigned kRows = 12;
  std::vector<SamplerParams> how(3);
  how[0].top_k = 20;
  how[1].top_p = 0.9;
  for (SamplerParams& s : how) s.top_logprobs = 5;
  const auto sampled_on = [&](unsigned threads) {
    std::vector<Sampled> out(kRows);
    std::vector<std::thread> running;
    running.reserve(threads);
    for (unsigned first = 0; first < threads; ++first) {
      running.emplace_back([&, first] {
        for (unsigned i = first; i < kRows; i += threads) {
          std::vector<float> row = vocabulary(i);
          out[i] = sample_token(row, {}, how[i % how.size()], 5, i);
        }
      });
    }
    for (std::thread& one : running) one.join();
    return out;
  };
  const std::vector<Sampled> alone = sampled_on(1);
  for (const unsigned threads : {2, 3, 12}) {
    const std::vector<Sampled> beside = sampled_on(threads);
    for (unsigned i = 0; i < kRows; ++i) {
      EXPECT_EQ(beside[i].token, alone[i].token) << threads << " threads, row " << i;
      EXPECT_EQ(beside[i].logprob, alone[i].logprob) << threads << " threads, row " << i;
      EXPECT_EQ(beside[i].top, alone[i].top) << threads << " threads, row " << i;
    }
  }
}

TEST(Sampler, OnlyWhatIsAllowedIsDrawn) {
  std::vector<float> row(70, 0);
  row[3] = 9;
  const std::vector<std::uint32_t> allowed{1u << 5, 1u << 1, 1u << 5};  // 5, 33, 69
  std::set<int> drawn;
  for (std::uint64_t at = 0; at < 200; ++at) {
    auto logits = row;
    drawn.insert(sample_token(logits, {}, {}, 1, at, allowed).token);
  }
  EXPECT_EQ(drawn, (std::set<int>{5, 33, 69}));
  const std::vector<std::uint32_t> none(3, 0), first{1u << 3};
  auto logits = row;
  EXPECT_EQ(sample_token(logits, {}, greedy(), 1, 0, first).token, 3);
  logits = row;
  EXPECT_THROW(sample_token(logits, {}, greedy(), 1, 0, none), Error);
}

}  // namespace
}  // namespace sanctum::engine
