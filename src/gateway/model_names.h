// Which model a request means among those that a server was told to serve.
//
// Contract: a name is what it was given as. NAME and NAME:latest are one, as Ollama's clients take
// them, unless both are served. A request without a name means the only model. Pure.
#pragma once

#include <string>
#include <vector>

namespace sanctum::gateway {

// A name that is none of theirs comes back as it is. Throws Error(kInvalid) for no name among
// several, which it lists.
std::string meant_model(const std::string& asked, const std::vector<std::string>& served);

}  // namespace sanctum::gateway
