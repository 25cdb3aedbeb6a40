// Which model a request means among those that a server was told to serve.
//
// Contract: a name is what it was given as. NAME and NAME:latest are one, as Ollama's clients take
// them, unless both are served; what stands before a '/' and is no part of a served name is whom a
// client takes for the model's provider. An alias stands for a model where no model has its name;
// one that ends in '*' for every name that begins so, the longest first. A request without a name
// means the only model. Pure.
#pragma once

#include <string>
#include <vector>

namespace sanctum::gateway {

struct ModelAlias {
  std::string alias, model;
};

// A name that is none of theirs comes back as it is. Throws Error(kInvalid) for no name among
// several, which it lists.
std::string meant_model(const std::string& asked, const std::vector<std::string>& served,
                        const std::vector<ModelAlias>& aliases = {});

}  // namespace sanctum::gateway
