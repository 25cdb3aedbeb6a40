// How the tokens of one request are drawn: what it asked for, what it left to the model's maker,
// and OpenAI's defaults for the rest.
#pragma once

#include <map>

#include "wire/messages.h"

namespace sanctum::engine {

struct SamplerParams {
  double temperature = 1.0;  // 0 is greedy
  int top_k = 0;             // 0 is off
  double top_p = 1.0;
  double min_p = 0.0;
  double repetition_penalty = 1.0;
  double presence_penalty = 0.0;
  double frequency_penalty = 0.0;
  std::map<int, double> logit_bias = {};
  int top_logprobs = -1;  // -1: no logprobs; 0: of the chosen token only
};

inline SamplerParams in_force(const wire::Sampling& asked, const wire::SamplingChoice& of_model) {
  SamplerParams params;
  const auto take = [](const auto& first, const auto& second, auto& out) {
    if (first)
      out = *first;
    else if (second)
      out = *second;
  };
  take(asked.temperature, of_model.temperature, params.temperature);
  take(asked.top_k, of_model.top_k, params.top_k);
  take(asked.top_p, of_model.top_p, params.top_p);
  take(asked.min_p, of_model.min_p, params.min_p);
  take(asked.repetition_penalty, of_model.repetition_penalty, params.repetition_penalty);
  params.presence_penalty = asked.presence_penalty;
  params.frequency_penalty = asked.frequency_penalty;
  params.logit_bias = asked.logit_bias;
  params.top_logprobs = asked.top_logprobs;
  return params;
}

}  // namespace sanctum::engine
