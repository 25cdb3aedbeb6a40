// The host side of a model: from token ids and pictures to what the device thread needs.
//
// Contract: immutable; any thread may call it; it touches no device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "models/prepared_picture.h"
#include "nn/rope.h"

namespace sanctum::models {

// A picture's tokens in the prompt: [first, first + count).
struct PromptImage {
  int first = 0;
  int count = 0;
  Sha256 digest{};  // of its file; the same file has the same features
  std::shared_ptr<const PreparedPicture> picture;
};

struct Prompt {
  std::vector<int> tokens;
  std::vector<nn::Position> positions;  // one per token
  int next_position = 0;                // of the first generated token, the same on all axes
  std::vector<PromptImage> images;
};

// A prompt in the making. Its pictures are read one at a time, so that whoever does it can look up
// between two of them. One owner at a time; must not outlive its processor.
class PromptBuilder {
 public:
  virtual ~PromptBuilder() = default;
  virtual std::size_t pictures_left() const = 0;
  // Decodes and resizes the next one; its file is forgotten. Throws Error(kInvalid) naming the path
  // of a picture that can't be read; Error(kTooLong) naming "messages" where it is too much for the
  // prompt, before it is resized.
  virtual void read_picture() = 0;
  // Of its files and pixels.
  virtual std::uint64_t bytes() const = 0;
  // Once, when no picture is left.
  virtual Prompt take() = 0;
};

class Processor {
 public:
  virtual ~Processor() = default;
  virtual bool vision() const { return false; }
  // `ids`: the tokenized prompt with one placeholder per picture; `files`: the pictures' encoded
  // bytes, in order; `paths`: where each stands in the request. Throws Error(kInvalid) naming
  // "messages" when pictures and placeholders don't match; Error(kTooLong) naming "messages" for a
  // prompt of more than `tokens_max`.
  virtual std::unique_ptr<PromptBuilder> begin(std::vector<int> ids, std::vector<std::string> files,
                                               std::vector<std::string> paths,
                                               std::int64_t tokens_max) const;
  // All of it at once.
  Prompt prepare(std::vector<int> ids, std::vector<std::string> files,
                 std::vector<std::string> paths, std::int64_t tokens_max) const;
};

// What a model that sees no pictures says of them. Throws Error(kInvalid) naming the first.
[[noreturn]] void refuse_pictures(const std::vector<std::string>& paths);
// Throws Error(kTooLong) naming "messages", with those words and more.
void refuse_over(std::int64_t tokens, std::int64_t tokens_max);
// "the prompt has 5000 tokens > 4095 maximum": agents read both numbers, and compact by them.
std::string too_many_tokens(std::int64_t tokens, std::int64_t tokens_max);

}  // namespace sanctum::models
