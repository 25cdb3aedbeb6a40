// The host side of a model: from token ids and pictures to what the device thread needs.
//
// Contract: immutable; prepare() may be called from any thread and touches no device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "image/qwen_patches.h"
#include "nn/rope.h"

namespace sanctum::models {

// A picture's tokens in the prompt: [first, first + count).
struct PromptImage {
  int first = 0;
  int count = 0;
  Sha256 digest{};  // of its file; the same file has the same features
  image::QwenPatches patches;
};

struct Prompt {
  std::vector<int> tokens;
  std::vector<nn::Position> positions;  // one per token
  int next_position = 0;                // of the first generated token, the same on all axes
  std::vector<PromptImage> images;
};

class Processor {
 public:
  virtual ~Processor() = default;
  virtual bool vision() const { return false; }
  // `ids`: the tokenized prompt with one placeholder per picture; `files`: the pictures' encoded
  // bytes, in order; `paths`: where each stands in the request. Throws Error(kInvalid) naming the
  // path of a picture that can't be decoded, "messages" when pictures and placeholders don't match;
  // Error(kTooLong) naming "messages" for a prompt of more than `tokens_max`, before the picture
  // that is too much is expanded.
  virtual Prompt prepare(std::vector<int> ids, const std::vector<std::string>& files,
                         const std::vector<std::string>& paths, std::int64_t tokens_max) const;
};

// Throws Error(kTooLong) naming "messages".
void refuse_over(std::int64_t tokens, std::int64_t tokens_max);

}  // namespace sanctum::models
