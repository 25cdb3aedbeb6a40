// Gemma 4 (2026), the language model: dense (31B), with a mixture of experts beside the dense part
// (26B-A4B), or with embeddings of its own for each layer (E2B, E4B).
//
// Most layers see a window of tokens; those that see all have heads of another size and may take
// their values from their keys. The last layers of the small ones remember nothing: they attend to
// what the last layer of their kind before them remembers.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/model.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

inline constexpr int kGemma4Vocabulary = 262144;  // where config.json is silent

// Of a gemma4_text, or of the text_config of a gemma4.
std::unique_ptr<Model> load_gemma4(const json::Node& config, nn::Weights& weights, Traits traits);
// Leaves out what sees and hears.
std::optional<std::string> rename_gemma4(const std::string& stored);

}  // namespace sanctum::models
