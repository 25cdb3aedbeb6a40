// From one row of logits to one token: a pure function of (logits, what was said, parameters, seed,
// position).
//
// Order: logit_bias, repetition penalty (prompt and output, as transformers), presence and
// frequency penalties (output, as OpenAI), here logprobs are taken; then temperature, top_k, top_p,
// min_p, one draw (draw.h). Ties go to the smaller id. Logprobs are exact to 1e-10.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/sampler_params.h"

namespace sanctum::engine {

// Which tokens a request has seen, for the penalties.
class TokenCounts {
 public:
  void add_prompt(std::span<const int> tokens);
  void add_output(int token);

  // How often each was said; 0 for one of the prompt.
  const std::unordered_map<int, int>& said() const { return said_; }

 private:
  std::unordered_map<int, int> said_;
};

struct Sampled {
  int token = 0;
  double logprob = 0;                       // of the chosen token
  std::vector<std::pair<int, double>> top;  // sampling.top_logprobs best, best first
};

// `allowed`: one bit a token, of those that may be drawn; empty: all. Log probabilities are of what
// may be drawn. `logits` is changed in place. `position` counts the request's output tokens. Throws
// Error(kInternal) when no logit is finite: the model's weights or its arithmetic are broken.
Sampled sample_token(std::span<float> logits, const TokenCounts& counts,
                     const SamplerParams& sampling, std::uint64_t seed, std::uint64_t position,
                     std::span<const std::uint32_t> allowed = {});

}  // namespace sanctum::engine
