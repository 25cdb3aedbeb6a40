#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "engine/philox.h"

namespace sanctum::engine {
namespace {

void apply_bias_and_penalties(std::span<float> logits, const TokenCounts& counts,
                              const wire::Sampling& s) {
  for (const auto& [token, bias] : s.logit_bias) {
    if (token >= 0 && static_cast<std::size_t>(token) < logits.size()) {
      logits[static_cast<std::size_t>(token)] += static_cast<float>(bias);
    }
  }
  if (s.repetition_penalty == 1 && s.presence_penalty == 0 && s.frequency_penalty == 0) return;
  for (const auto& [token, seen] : counts.seen()) {
    if (token < 0 || static_cast<std::size_t>(token) >= logits.size()) continue;
    double logit = logits[static_cast<std::size_t>(token)];
    logit = logit > 0 ? logit / s.repetition_penalty : logit * s.repetition_penalty;
    if (seen.in_output > 0) logit -= s.presence_penalty + s.frequency_penalty * seen.in_output;
    logits[static_cast<std::size_t>(token)] = static_cast<float>(logit);
  }
}

struct Candidate {
  int token;
  double weight;  // exp((logit - largest) / temperature), not normalized
};

bool likelier(const Candidate& a, const Candidate& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
}

// The largest logit; NaN counts as the smallest.
int best_of(std::span<const float> logits) {
  int best = -1;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i]) &&
        (best < 0 || logits[i] > logits[static_cast<std::size_t>(best)])) {
      best = static_cast<int>(i);
    }
  }
  return best;
}

// The likeliest, best first, until they weigh `share`; one at least. Of a vocabulary few are taken,
// so a heap is much cheaper than sorting all.
void keep_share(std::vector<Candidate>& candidates, double share) {
  const auto later = [](const Candidate& a, const Candidate& b) { return likelier(b, a); };
  std::make_heap(candidates.begin(), candidates.end(), later);
  std::vector<Candidate> kept;
  double weight = 0;
  while (!candidates.empty() && (kept.empty() || weight < share)) {
    std::pop_heap(candidates.begin(), candidates.end(), later);
    kept.push_back(candidates.back());
    weight += candidates.back().weight;
    candidates.pop_back();
  }
  candidates = std::move(kept);
}

int draw(std::span<const float> logits, float largest, const wire::Sampling& s, double u) {
  std::vector<Candidate> candidates;  // in order of their ids until something has to sort them
  candidates.reserve(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double weight = std::exp((static_cast<double>(logits[i]) - largest) / s.temperature);
    if (weight > 0) candidates.push_back({static_cast<int>(i), weight});
  }
  if (s.top_k > 0 && static_cast<std::size_t>(s.top_k) < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + s.top_k, candidates.end(), likelier);
    candidates.resize(static_cast<std::size_t>(s.top_k));
    std::sort(candidates.begin(), candidates.end(), likelier);
  }
  double total = 0;  // what top_p takes its share of: all that top_k left
  for (const Candidate& c : candidates) total += c.weight;
  // top_p and min_p both keep the best few, so cutting by min_p first changes nothing but the time
  // that top_p takes.
  if (s.min_p > 0) {
    std::erase_if(candidates, [&](const Candidate& c) { return c.weight < s.min_p; });
  }
  if (s.top_p < 1) keep_share(candidates, s.top_p * total);
  double kept = 0;
  for (const Candidate& c : candidates) kept += c.weight;
  double left = u * kept;
  for (const Candidate& c : candidates) {
    left -= c.weight;
    if (left < 0) return c.token;
  }
  return candidates.back().token;
}

// The `count` largest, best first: a heap of that size whose front is its smallest.
std::vector<int> likeliest(std::span<const float> logits, std::size_t count) {
  const auto before = [&](int a, int b) {
    const float x = logits[static_cast<std::size_t>(a)], y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  };
  std::vector<int> best;
  for (int id = 0; count > 0 && id < static_cast<int>(logits.size()); ++id) {
    if (best.size() == count) {
      if (!before(id, best.front())) continue;
      std::pop_heap(best.begin(), best.end(), before);
      best.pop_back();
    }
    best.push_back(id);
    std::push_heap(best.begin(), best.end(), before);
  }
  std::sort_heap(best.begin(), best.end(), before);
  return best;
}

}  // namespace

void TokenCounts::add_prompt(std::span<const int> tokens) {
  for (const int token : tokens) seen_[token].in_prompt = true;
}

void TokenCounts::add_output(int token) {
  ++seen_[token].in_output;
}

Sampled sample_token(std::span<float> logits, const TokenCounts& counts, const wire::Sampling& s,
                     std::uint64_t seed, std::uint64_t position) {
  apply_bias_and_penalties(logits, counts, s);
  const int best = best_of(logits);
  if (best < 0) {
    throw Error(ErrorCode::kInternal,
                "the model produced no finite logit: its weights may be damaged");
  }
  const float largest = logits[static_cast<std::size_t>(best)];
  for (float& logit : logits) {
    if (!std::isfinite(logit)) logit = -std::numeric_limits<float>::infinity();
  }
  Sampled out;
  out.token = s.temperature > 0 ? draw(logits, largest, s, uniform(seed, 0, position)) : best;
  if (s.top_logprobs < 0) return out;

  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  const double log_sum = std::log(sum) + largest;
  out.logprob = logits[static_cast<std::size_t>(out.token)] - log_sum;
  for (const int id : likeliest(logits, static_cast<std::size_t>(s.top_logprobs)))
    out.top.emplace_back(id, logits[static_cast<std::size_t>(id)] - log_sum);
  return out;
}

}  // namespace sanctum::engine
