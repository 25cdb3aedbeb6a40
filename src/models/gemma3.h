// Gemma 3 (2025), the language model: alone, or with names of its own inside of a model that sees.
//
// Five of six layers see a window of tokens and turn by places of a short theta, the others see all
// and turn by a long one. Norms are stored minus one, and stand before and behind both parts of a
// layer; embeddings are multiplied by the root of the width.
#pragma once

#include <memory>

#include "models/model.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

inline constexpr int kGemma3Vocabulary = 262208;  // where config.json is silent

// Of a gemma3_text, or of the text_config of a gemma3.
std::unique_ptr<Model> load_gemma3(const json::Node& config, nn::Weights& weights, Traits traits);

}  // namespace sanctum::models
