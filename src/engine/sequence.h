// One request on the device: its prompt, its cache, what it has said.
//
// Made by a text worker, then owned by the device thread until it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/sampler.h"
#include "models/model.h"
#include "models/processor.h"
#include "wire/messages.h"

namespace sanctum::engine {

struct Sequence {
  std::string request;
  models::Prompt prompt;
  wire::Sampling sampling;
  std::vector<int> end_ids;  // ids that end the answer
  std::uint64_t seed = 0;
  int tokens_max = 0;  // output tokens
  int image_tokens = 0;
  Instant received{};

  // From here on the device thread's.
  std::optional<nn::SequenceCache> cache;  // present while running
  std::vector<models::VisualFeatures> features;
  TokenCounts counts;
  int prefilled = 0;
  std::vector<int> output;
  bool cancelled = false;
  std::optional<Instant> started, first_token;
  Instant last_token{};
  std::int64_t vision_us = 0;

  int prompt_left() const { return static_cast<int>(prompt.tokens.size()) - prefilled; }
  int images_to_encode() const { return static_cast<int>(prompt.images.size() - features.size()); }
};

// What a step added to one request.
struct TokenOutput {
  std::string request;
  Sampled sampled;
  bool ends_answer = false;  // an end-of-text or stop token: counted, not shown
};

struct SequenceEnd {
  std::string request;
  std::string reason;  // stop, length, cancelled, error
  wire::Usage usage;
  wire::Timings timings;
  std::optional<wire::Failure> failure;
};

struct StepOutput {
  std::vector<TokenOutput> tokens;
  std::vector<SequenceEnd> ended;  // after their tokens
};

}  // namespace sanctum::engine
