// Which tokens begin a text, end an answer, or fill up.
#pragma once

#include <optional>
#include <vector>

#include "gguf/metadata.h"
#include "gguf/vocabulary.h"

namespace sanctum::gguf {

struct TokenRoles {
  std::optional<int> bos, unknown, padding;
  // The metadata's eos first, then its eos_token_ids, eot and eom, then tokens that end an answer
  // by their name (known_tokens.h). Not <|end|> where another message follows it: gpt-oss's.
  std::vector<int> ends;
  bool add_bos = false, add_eos = false;  // around a text
};

// `bos_by_default`: where the metadata does not say whether a text begins with one. Throws
// Error(kInvalid) naming the key of an id that no token has; `unknown` and `padding`, without which
// a model does as well, are then not there.
TokenRoles token_roles(const Metadata& metadata, const Vocabulary& vocabulary, bool bos_by_default);

}  // namespace sanctum::gguf
