#include "engine/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sanctum::engine {

double weight_of(const LogitBlocks& row, const SamplerParams& s, int token) {
  const double logit = row.logits()[static_cast<std::size_t>(token)];
  return std::exp((logit - row.largest()) / s.temperature);
}

float cut_for(double logit, const SamplerParams& s) {
  constexpr double kSlack = 0.05;  // temperatures: far more than rounding, and few tokens more
  return static_cast<float>(logit - kSlack * s.temperature);
}

void add_candidates(const LogitBlocks& row, const SamplerParams& s, float from, float below,
                    std::vector<Candidate>& out) {
  row.each_from(from, [&](int token) {
    if (row.logits()[static_cast<std::size_t>(token)] >= below) return;
    const double weight = weight_of(row, s, token);
    if (weight > 0) out.push_back({token, weight});
  });
}

std::vector<Candidate> candidates_from(const LogitBlocks& row, const SamplerParams& s, float cut) {
  std::vector<Candidate> out;
  add_candidates(row, s, cut, std::numeric_limits<float>::infinity(), out);
  return out;
}

double total_of(const std::vector<Candidate>& candidates) {
  double total = 0;
  for (const Candidate& c : candidates) total += c.weight;
  return total;
}

void keep_likeliest(std::vector<Candidate>& candidates, int count) {
  if (static_cast<std::size_t>(count) >= candidates.size()) return;
  std::nth_element(candidates.begin(), candidates.begin() + count, candidates.end(), kLikelier);
  candidates.resize(static_cast<std::size_t>(count));
  std::sort(candidates.begin(), candidates.end(), kLikelier);
}

void cut_by_min_p(std::vector<Candidate>& candidates, const SamplerParams& s) {
  if (s.min_p > 0)
    std::erase_if(candidates, [&](const Candidate& c) { return c.weight < s.min_p; });
}

// Few are taken, mostly, so a heap is much cheaper than sorting all.
void keep_share(std::vector<Candidate>& candidates, double share) {
  const auto later = [](const Candidate& a, const Candidate& b) { return kLikelier(b, a); };
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

int token_at(const std::vector<Candidate>& candidates, double u) {
  double left = u * total_of(candidates);
  for (const Candidate& c : candidates) {
    left -= c.weight;
    if (left < 0) return c.token;
  }
  return candidates.back().token;
}

}  // namespace sanctum::engine
