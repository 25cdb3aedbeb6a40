// Whether this version can serve a model, and what that would take of memory, asked of the engine's
// program beside ours, which reads no weights for it, but tokenizer and template
// (engine/load_check.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "wire/model_memory.h"

namespace sanctum {

struct Servable {
  std::optional<bool> yes;  // nothing where it cannot be told
  std::string why = {};     // not, or not told; fit for a terminal
};
struct EngineOpinion {
  Servable can;
  std::optional<wire::ModelMemory> memory = {};  // where it was asked for and can be told
};
// `options`: of the engine's, such as {"--memory"}, which asks for the memory.
EngineOpinion engine_opinion(const std::string& name, const std::string& directory, Instant until,
                             const std::vector<std::string>& options);
// With the options that an engine has by itself.
Servable servable(const std::string& name, const std::string& directory, Instant until);
// Of a model that cannot be looked at: not, or not told where that may pass. Fit for a terminal.
Servable not_servable(const Error& error);
// "yes", "no", "not told".
std::string word_of(const std::optional<bool>& yes);

}  // namespace sanctum
