// What a repository, or what was downloaded of one, is for, told by its files.
#pragma once

#include <string>
#include <vector>

namespace sanctum::hub {

enum class RepositoryKind {
  kModel,    // it has a config.json, and its weights are no GGUF files
  kGguf,     // GGUF files, each a model by itself
  kAdapter,  // what a LoRA adds to another model
  kOther,
};
// `files`: relative paths.
RepositoryKind kind_of(const std::vector<std::string>& files);

// Those of `files` that are a model each, a file in several parts by its first; picture halves are
// none.
std::vector<std::string> gguf_models(const std::vector<std::string>& files);

// Why the adapter in `directory` is not served, and what to do; of which model it is, as far as its
// configuration tells.
std::string adapter_advice(const std::string& directory);

}  // namespace sanctum::hub
