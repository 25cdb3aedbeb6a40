#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "engine/draw.h"
#include "engine/philox.h"

namespace sanctum::engine {
namespace {

void apply_bias_and_penalties(std::span<float> logits, const TokenCounts& counts,
                              const SamplerParams& s) {
  for (const auto& [token, bias] : s.logit_bias) {
    if (token >= 0 && static_cast<std::size_t>(token) < logits.size()) {
      logits[static_cast<std::size_t>(token)] += static_cast<float>(bias);
    }
  }
  if (s.repetition_penalty == 1 && s.presence_penalty == 0 && s.frequency_penalty == 0) return;
  for (const auto& [token, times] : counts.said()) {
    if (token < 0 || static_cast<std::size_t>(token) >= logits.size()) continue;
    double logit = logits[static_cast<std::size_t>(token)];
    logit = logit > 0 ? logit / s.repetition_penalty : logit * s.repetition_penalty;
    if (times > 0) logit -= s.presence_penalty + s.frequency_penalty * times;
    logits[static_cast<std::size_t>(token)] = static_cast<float>(logit);
  }
}

void forbid_others(std::span<float> logits, std::span<const std::uint32_t> allowed) {
  constexpr std::size_t kBits = 32;
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  for (std::size_t word = 0; word * kBits < logits.size(); ++word) {
    const std::uint32_t bits = word < allowed.size() ? allowed[word] : 0;
    if (bits == ~std::uint32_t{0}) continue;
    const std::size_t end = std::min(logits.size(), (word + 1) * kBits);
    for (std::size_t i = word * kBits; i < end; ++i)
      if ((bits >> (i % kBits) & 1u) == 0) logits[i] = kNever;
  }
}

// The `count` largest, best first.
std::vector<int> likeliest(const LogitBlocks& row, std::size_t count) {
  const auto before = [&](int a, int b) {
    const float x = row.logits()[static_cast<std::size_t>(a)];
    const float y = row.logits()[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  };
  std::vector<int> best;
  if (count == 0) return best;
  row.each_from(row.reached_by(std::min(count, row.size())), [&](int id) { best.push_back(id); });
  const std::size_t kept = std::min(count, best.size());
  std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(kept), best.end(),
                    before);
  best.resize(kept);
  return best;
}

}  // namespace

void TokenCounts::add_prompt(std::span<const int> tokens) {
  for (const int token : tokens) said_.try_emplace(token, 0);
}

void TokenCounts::add_output(int token) {
  ++said_[token];
}

Sampled sample_token(std::span<float> logits, const TokenCounts& counts, const SamplerParams& s,
                     std::uint64_t seed, std::uint64_t position,
                     std::span<const std::uint32_t> allowed) {
  if (!allowed.empty()) forbid_others(logits, allowed);
  apply_bias_and_penalties(logits, counts, s);
  LogitBlocks row(logits);
  if (!std::isfinite(row.largest())) {
    throw Error(ErrorCode::kInternal,
                "the model produced no finite logit: its weights may be damaged");
  }
  Sampled out;
  out.token = s.temperature > 0 ? draw(row, s, uniform(seed, 0, position)) : row.best();
  if (s.top_logprobs < 0) return out;

  const double log_sum = std::log(row.total_weight(1)) + row.largest();
  out.logprob = logits[static_cast<std::size_t>(out.token)] - log_sum;
  for (const int id : likeliest(row, static_cast<std::size_t>(s.top_logprobs)))
    out.top.emplace_back(id, logits[static_cast<std::size_t>(id)] - log_sum);
  return out;
}

}  // namespace sanctum::engine
