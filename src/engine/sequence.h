// One request on the device: its prompt, its cache, what it has said.
//
// Made by a text worker, then owned by the device thread until it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/constraint.h"
#include "engine/prefix_cache.h"
#include "engine/sampler.h"
#include "engine/thought.h"
#include "models/model.h"
#include "models/processor.h"
#include "wire/messages.h"

namespace sanctum::engine {

struct Sequence {
  std::string request;
  models::Prompt prompt;
  SamplerParams sampling;
  std::vector<int> end_ids;  // ids that end the answer
  std::uint64_t seed = 0;
  int tokens_max = 0;           // output tokens
  bool reserved = false;        // a probe's: see scheduler.h
  bool tells_progress = false;  // of its prompt
  bool keeps_prefix = false;    // what it computes is offered to others, and theirs to it
  int image_tokens = 0;
  Instant received{};
  std::vector<int> output;  // what it has said; of a resumed one, also before it came here
  TokenCounts counts;
  std::unique_ptr<Constraint> constraint;  // null: any token may come
  std::optional<Thought> thought;          // of a model that thinks
  std::vector<int> script;                 // what it says, whatever the model would; empty: that

  // From here on the device thread's.
  std::unique_ptr<nn::SequenceCache> cache;                     // present while running
  std::vector<std::optional<models::VisualFeatures>> features;  // of the prompt's pictures
  std::unique_ptr<models::Encoding> encoding;                   // of one that has none
  std::size_t encoded_image = 0;                                // which
  HeldPrefix prefix;                                            // the cache's whole runs
  bool beyond = false;    // the cache's keys are a long sequence's: Traits::short_context
  int reached = 0;        // tokens that it was fed, also before it lost its cache
  int cached_tokens = 0;  // of the prompt: found in the prefix cache when they were first reached
  bool cancelled = false;
  std::optional<Instant> started, first_token;
  Instant last_token{};
  std::int64_t vision_us = 0;

  // The prompt and the output are one stream of tokens that is fed to the model; a sequence that
  // lost its cache is fed again from the start.
  int prompt_tokens() const { return static_cast<int>(prompt.tokens.size()); }
  int length() const { return prompt_tokens() + static_cast<int>(output.size()); }
  int token(int at) const {
    return at < prompt_tokens() ? prompt.tokens[static_cast<std::size_t>(at)]
                                : output[static_cast<std::size_t>(at - prompt_tokens())];
  }
  nn::Position position(int at) const {
    if (at < prompt_tokens()) return prompt.positions[static_cast<std::size_t>(at)];
    const int next = prompt.next_position + at - prompt_tokens();
    return {next, next, next};
  }
  int fed() const { return cache ? cache->length() : 0; }
  // The last of them gives a token.
  int left() const { return length() - fed(); }
  // The token that comes next whatever the model's logits are; nothing where they decide.
  std::optional<int> forced() const;
  // One that may not come.
  std::optional<int> refused() const { return thought ? thought->refused() : std::nullopt; }
  // Why nothing can follow its last token; nothing when something can.
  std::optional<wire::FinishReason> over() const;
  // Pictures that still have tokens to be fed, and are not encoded; and their tokens.
  std::vector<std::size_t> images_to_encode() const;
  int image_tokens_to_encode() const;
};

// What a step added to one request.
struct TokenOutput {
  std::string request;
  Sampled sampled;
  bool ends_answer = false;  // an end-of-text or stop token: counted, not shown
};

struct SequenceEnd {
  std::string request;
  wire::FinishReason reason = wire::FinishReason::kStop;
  wire::Usage usage;
  wire::Timings timings;
  std::optional<wire::Failure> failure;
};

// Of a prompt that is not over yet.
struct PromptProgress {
  std::string request;
  int done = 0, cached = 0;  // tokens
};

struct StepOutput {
  std::vector<PromptProgress> progress;
  std::vector<TokenOutput> tokens;
  std::vector<SequenceEnd> ended;  // after their tokens
};

}  // namespace sanctum::engine
