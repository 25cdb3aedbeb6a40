// Which tokens begin a text, end an answer, or fill up.
#pragma once

#include <optional>
#include <vector>

#include "gguf/metadata.h"

namespace sanctum::gguf {

struct TokenRoles {
  std::optional<int> bos, unknown, padding;
  // The metadata's eos first, then its eot and eom, then tokens that end a turn by their name in
  // the families whose files do not say so ("<|eot_id|>", "<end_of_turn>").
  std::vector<int> ends;
  bool add_bos = false, add_eos = false;  // around a text
};

// `bos_by_default`: where the metadata does not say whether a text begins with one. Throws
// Error(kInvalid) naming the key of an id that no token has; `unknown` and `padding`, without which
// a model does as well, are then not there.
TokenRoles token_roles(const Metadata& metadata, bool bos_by_default);

}  // namespace sanctum::gguf
