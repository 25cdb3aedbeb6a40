// Tokens with their weights, and the cuts of sampling over them.
//
// A weight is exp((logit - largest) / temperature) in double precision, not normalized: the largest
// has 1. Everything here adds one weight after another, in the order of the candidates.
#pragma once

#include <vector>

#include "engine/logit_blocks.h"
#include "engine/sampler_params.h"

namespace sanctum::engine {

struct Candidate {
  int token;
  double weight;
};

// Ties go to the smaller id.
inline constexpr auto kLikelier = [](const Candidate& a, const Candidate& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
};

double weight_of(const LogitBlocks& row, const SamplerParams& s, int token);

// A logit below which nothing weighs as much as `logit`. Weights of logits this close are rounded,
// and may be equal or change places.
float cut_for(double logit, const SamplerParams& s);
// Appends whatever has a weight and a logit in [from, below), in the order of the ids.
void add_candidates(const LogitBlocks& row, const SamplerParams& s, float from, float below,
                    std::vector<Candidate>& out);
std::vector<Candidate> candidates_from(const LogitBlocks& row, const SamplerParams& s, float cut);

double total_of(const std::vector<Candidate>& candidates);

// The `count` likeliest, best first. As they are when there are no more than that.
void keep_likeliest(std::vector<Candidate>& candidates, int count);
void cut_by_min_p(std::vector<Candidate>& candidates, const SamplerParams& s);
// The likeliest, best first, until they weigh `share`; one at least.
void keep_share(std::vector<Candidate>& candidates, double share);
// The token at `u` of [0, 1) of their weight.
int token_at(const std::vector<Candidate>& candidates, double u);

}  // namespace sanctum::engine
