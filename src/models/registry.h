// The visible list of architectures: adding one is a file and a row here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/model.h"
#include "models/processor.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

struct Architecture {
  std::string model_type;  // as config.json names it
  std::optional<std::string> (*rename)(const std::string& stored);
  std::unique_ptr<Model> (*load)(const json::Node& config, nn::Weights& weights, Traits traits);
  std::shared_ptr<const Processor> (*processor)(const json::Node& config,
                                                const std::string& directory);
  std::string head;              // where an output head is, after renaming
  bool tied_by_default = false;  // where config.json is silent and no head is stored
  int vocabulary_default = 0;    // where config.json is silent; 0: it must not be
  // Where config.json is silent, as the classes of transformers have it. Some makers write none.
  std::int64_t context_default = 4096;
};

inline constexpr std::int64_t kContextTokensMax = 1 << 24;
inline constexpr std::int64_t kVocabularyMax = 1 << 24;

const std::vector<Architecture>& architectures();
bool sees_pictures(const Architecture& one);

// What config.json says before any weight is read. Throws Error naming the file and the field.
struct Description {
  std::string directory;
  std::string files;  // files_state(), before any of them was read
  std::string config_json;
  const Architecture* architecture = nullptr;
  int context_tokens = 0;
  int vocabulary = 0;  // rows of the embedding: no larger id may reach the model
};
Description describe(const std::string& directory);

std::shared_ptr<const Processor> load_processor(const Description& description);

// Device thread only. Evaluates every weight, calling `progress(done, total)` in bytes on the way.
std::unique_ptr<Model> load_model(
    const Description& description, const nn::BackendPointer& backend,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress);

// What load_model would give with the plan's backend, and what it would hold, found out without
// reading weights; throws as it does. `lazy`: a backend that does not pack.
Traits traits_of(const Description& description, const nn::BackendPointer& lazy,
                 nn::LoadPlan& plan);

}  // namespace sanctum::models
