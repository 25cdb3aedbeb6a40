// Names of tensors in a model that sees and whose language model alone is served.
#pragma once

#include <optional>
#include <string>

namespace sanctum::models {

// As the language model alone would store it ("model.layers.0...", "lm_head..."); nothing for the
// tower and what joins it to the language model.
std::optional<std::string> name_without_wrapper(const std::string& stored);

}  // namespace sanctum::models
