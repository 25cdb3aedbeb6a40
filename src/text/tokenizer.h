// Text to token ids and back, for one model directory.
//
// Contract: immutable after load(); every const method may be called from any thread. Ids are those
// of tokenizer.json; an id outside the vocabulary has no bytes, is not special and decodes to
// nothing. Nothing here waits or touches the device.
// Errors: Error(kNotFound) or Error(kCorrupt) from load(), naming the file; Error(kTooLong) from
// encode() for text over kTextBytesMax.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::text {

inline constexpr std::size_t kTextBytesMax = 64u << 20;        // one text to encode
inline constexpr std::size_t kTokenizerBytesMax = 256u << 20;  // tokenizer.json

class Tokenizer {
 public:
  // Reads tokenizer.json and, where they exist, tokenizer_config.json, generation_config.json and
  // config.json.
  static std::shared_ptr<const Tokenizer> load(const std::string& directory);

  // `add_special` adds what the tokenizer's post-processor adds (a BOS token, usually). Special
  // tokens spelled out in the text become their ids either way. Invalid UTF-8 becomes U+FFFD.
  std::vector<int> encode(std::string_view text, bool add_special) const;
  std::string decode(std::span<const int> ids, bool skip_special) const;

  // The token's own bytes, perhaps a part of a character (byte-level and byte-fallback alike);
  // empty for special tokens.
  std::string token_bytes(int id) const;
  // The id of a token as tokenizer.json spells it ("<|im_end|>").
  std::optional<int> id_of(std::string_view token) const;
  bool is_special(int id) const;
  // One past the largest id, added tokens included.
  int vocabulary() const;
  // One past the largest id of the model's own vocabulary, the added tokens aside: any text may
  // become such ids.
  int ordinary_vocabulary() const;
  // Ids that end a generation: of generation_config.json, config.json and tokenizer_config.json's
  // eos_token, without duplicates. Empty where a model names none.
  const std::vector<int>& end_ids() const;

  // Whether decoding is the plain concatenation of token bytes (byte-level BPE).
  bool is_byte_level() const;
  // Whether the token stands for a single byte of a character the vocabulary lacks ("<0xE2>").
  bool is_byte_fallback(int id) const;

  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sanctum::text
