// Whether this version can serve a model, asked of the engine's program beside ours, which reads no
// weights for it (engine/load_check.h).
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace sanctum {

struct Servable {
  std::optional<bool> yes;  // nothing where it cannot be told
  std::string why = {};     // not, or not told; fit for a terminal
};
Servable servable(const std::string& name, const std::string& directory, Instant until);
// "yes", "no", "not told".
std::string word_of(const std::optional<bool>& yes);

}  // namespace sanctum
