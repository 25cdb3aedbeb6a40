// The tokens of a file's metadata.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "gguf/metadata.h"

namespace sanctum::gguf {

enum class TokenKind : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

inline constexpr std::size_t kTokenBytesMax = 1024;  // runs of spaces have some hundreds

struct Vocabulary {
  std::vector<std::string> tokens;  // by id
  std::vector<TokenKind> kinds;
};

// What some makers call normal is control where its name says so (known_tokens.h). Throws
// Error(kInvalid) naming the key for lists of different lengths, a token of over
// kTokenBytesMax, a kind that is unknown, and two tokens of one text: an id could not be told from
// its text.
Vocabulary read_vocabulary(const Metadata& metadata);

// An entry of tokenizer.json's "added_tokens".
void write_added_token(json::Writer& w, int id, const std::string& text, bool special, bool rstrip);
// TemplateProcessing that puts tokens around a text; null for none. An empty text is none.
std::string around_text(const std::string& before, int before_id, const std::string& after,
                        int after_id);

}  // namespace sanctum::gguf
